/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "zmq_priv.h"

hidp_status hidp_zmq_keygen(char public_key[HIDP_ZMQ_KEY_SIZE], char secret_key[HIDP_ZMQ_KEY_SIZE])
{
	if (public_key == NULL || secret_key == NULL)
		return HIDP_ERR_ARGUMENT;
	if (!zmq_has("curve") || zmq_curve_keypair(public_key, secret_key) != 0)
		return HIDP_ERR_UNSUPPORTED;
	return HIDP_OK;
}

hidp_status hidp_zmq_public_key(char public_key[HIDP_ZMQ_KEY_SIZE], const char *secret_key)
{
	if (public_key == NULL || secret_key == NULL)
		return HIDP_ERR_ARGUMENT;
	if (!zmq_has("curve"))
		return HIDP_ERR_UNSUPPORTED;
	if (strlen(secret_key) != HIDP_ZMQ_KEY_SIZE - 1 ||
	    zmq_curve_public(public_key, secret_key) != 0)
		return HIDP_ERR_ARGUMENT;
	return HIDP_OK;
}
