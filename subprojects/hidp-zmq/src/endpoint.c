/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zmq_priv.h"

#define HOST_MAX 255u

/* Host and port of "tcp://HOST:PORT"; brackets around an IPv6 address are taken off. */
static bool split_tcp(const char *endpoint, char host[HOST_MAX + 1], const char **port_out)
{
	if (strncmp(endpoint, "tcp://", 6) != 0)
		return false;
	const char *begin = endpoint + 6, *colon = strrchr(begin, ':');
	if (colon == NULL || colon[1] == '\0')
		return false;
	const char *end = colon;
	if (*begin == '[') {
		if (end[-1] != ']')
			return false;
		begin++;
		end--;
	}
	size_t size = (size_t)(end - begin);
	if (end <= begin || size > HOST_MAX)
		return false;
	memcpy(host, begin, size);
	host[size] = '\0';
	*port_out = colon + 1;
	return true;
}

/* ZeroMQ takes numbers that are too large modulo 65536. */
static bool is_port(const char *text, long least)
{
	char *end;
	long number = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && number >= least && number <= 65535;
}

bool hidp__zmq_is_bindable(const char *endpoint)
{
	char host[HOST_MAX + 1];
	const char *port;
	if (strncmp(endpoint, "ipc://", 6) == 0)
		return endpoint[6] != '\0';
	return split_tcp(endpoint, host, &port) && (strcmp(port, "*") == 0 || is_port(port, 0));
}

bool hidp__zmq_is_local(const char *endpoint)
{
	if (strncmp(endpoint, "ipc://", 6) == 0)
		return true;
	char host[HOST_MAX + 1];
	const char *port;
	if (!split_tcp(endpoint, host, &port))
		return false;
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool hidp__zmq_is_ipv6(const char *endpoint)
{
	return strncmp(endpoint, "tcp://[", 7) == 0;
}

/* An address, numeric, as ZeroMQ wants it. */
static char *tcp_endpoint(const struct addrinfo *address, const char *port)
{
	char host[HOST_MAX + 1], *text = malloc(HOST_MAX + 32);
	if (text == NULL || getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host,
	                                NULL, 0, NI_NUMERICHOST) != 0) {
		free(text);
		return NULL;
	}
	snprintf(text, HOST_MAX + 32,
	         address->ai_family == AF_INET6 ? "tcp://[%s]:%s" : "tcp://%s:%s", host, port);
	return text;
}

hidp_status hidp__zmq_resolve(const char *endpoint, char **endpoint_out,
                              struct hidp_diagnostic *diagnostic)
{
	if (strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6] != '\0') {
		*endpoint_out = strdup(endpoint);
		return *endpoint_out != NULL ? HIDP_OK : HIDP_ERR_NOMEM;
	}
	char host[HOST_MAX + 1];
	const char *port;
	if (!split_tcp(endpoint, host, &port))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, endpoint,
		                      "is neither tcp://ADDRESS:PORT nor ipc://PATH");
	if (!is_port(port, 1))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, endpoint,
		                      "port is not between 1 and 65535");
	/* ZeroMQ would look the name up at each attempt, and all nodes would wait for it */
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;
	int error = getaddrinfo(host, NULL, &hints, &addresses);
	if (error == EAI_MEMORY)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, endpoint, "out of memory");
	if (error != 0)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_TRANSPORT, endpoint,
		                      "host name cannot be looked up: %s", gai_strerror(error));
	*endpoint_out = tcp_endpoint(addresses, port);
	freeaddrinfo(addresses);
	if (*endpoint_out == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, endpoint, "out of memory");
	return HIDP_OK;
}
