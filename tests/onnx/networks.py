# SPDX-License-Identifier: MIT
"""Networks in PyTorch with random weights, whole and small.

NETWORKS names them all; build(name, small) makes one. Small ones have the same
structure and the same operators, but smaller images and, where weights would be most
of the file, fewer channels.
"""

import math

import torch
import torchvision
from torch import nn
from torchvision import models


class Network:
    """A module, its inputs by name, and how it becomes a file.

    open_axes: {input or output: {axis: name}}, what the file leaves open.
    """

    def __init__(self, module, inputs, outputs=("output",), open_axes=None):
        self.module = module
        self.inputs = inputs
        self.outputs = outputs
        self.open_axes = open_axes or {}
        self.opset = 13
        self.bar = 1e-4
        self.keep_norms = False  # leave batch normalisation to the reader
        self.external = False  # weights in a file of their own


def images(size, count=1):
    return {"input": torch.randn(count, 3, size, size)}


def plain(name, size, small_size, **options):
    """A network of torchvision that differs in the image only."""

    def build(small):
        more = dict(options)
        if small:
            more["num_classes"] = 50
        module = getattr(models, name)(weights=None, **more)
        return Network(module, images(small_size if small else size))

    return build


def resnet152(small):
    width = 16 if small else 64
    module = models.ResNet(
        models.resnet.Bottleneck,
        [3, 8, 36, 3],
        num_classes=50 if small else 1000,
        width_per_group=width,
    )
    return Network(module, images(64 if small else 224))


def open_batch(name, size, small_size):
    def build(small):
        network = plain(name, size, small_size)(small)
        network.open_axes = {"input": {0: "batch"}, "output": {0: "batch"}}
        return network

    return build


def vgg19(small):
    if not small:
        return Network(models.vgg19(weights=None), images(224))
    module = models.vgg19(weights=None, num_classes=50)
    module.avgpool = nn.AdaptiveAvgPool2d((2, 2))
    module.classifier[0] = nn.Linear(512 * 4, 128)
    module.classifier[3] = nn.Linear(128, 128)
    module.classifier[6] = nn.Linear(128, 50)
    return Network(module, images(64))


class Segmentation(nn.Module):
    """The one output of a segmentation network."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)["out"]


def segmentation(name):
    def build(small):
        module = getattr(models.segmentation, name)(
            weights=None, weights_backbone=None, num_classes=5 if small else 21
        )
        return Network(Segmentation(module), images(65 if small else 224))

    return build


def vit(small):
    if small:
        module = models.VisionTransformer(
            image_size=64,
            patch_size=16,
            num_layers=3,
            num_heads=3,
            hidden_dim=96,
            mlp_dim=192,
            num_classes=50,
        )
        return Network(module, images(64))
    return Network(models.vit_b_16(weights=None), images(224))


def swin(small):
    if small:
        module = models.SwinTransformer(
            patch_size=[4, 4],
            embed_dim=24,
            depths=[2, 2],
            num_heads=[2, 4],
            window_size=[4, 4],
            num_classes=50,
        )
        return Network(module, images(64))
    return Network(models.swin_t(weights=None), images(224))


class BertLayer(nn.Module):
    """Attention written as most do, and a perceptron."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.dense = (nn.Linear(width, width) for _ in range(4))
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def split(self, x):
        shape = x.size()[:-1] + (self.heads, x.size(-1) // self.heads)
        return x.view(shape).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores + mask
        y = torch.matmul(scores.softmax(dim=-1), value)
        y = y.permute(0, 2, 1, 3).contiguous()
        y = y.view(y.size()[:-2] + (x.size(-1),))
        x = self.norm(x + self.dense(y))
        return self.norm2(x + self.narrow(nn.functional.gelu(self.wide(x))))


class Bert(nn.Module):
    """BERT: tokens, kinds of token and a mask in; all tokens and a summary out."""

    def __init__(self, layers, width, heads, words, positions):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.positions = nn.Embedding(positions, width)
        self.kinds = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(width, heads) for _ in range(layers))
        self.pool = nn.Linear(width, width)
        self.register_buffer("numbers", torch.arange(positions).unsqueeze(0))

    def forward(self, input_ids, token_type_ids, attention_mask):
        mask = attention_mask[:, None, None, :].to(torch.float32)
        mask = (1.0 - mask) * -10000.0
        x = self.words(input_ids) + self.kinds(token_type_ids)
        x = self.norm(x + self.positions(self.numbers[:, : input_ids.size(1)]))
        for layer in self.layers:
            x = layer(x, mask)
        return x, torch.tanh(self.pool(x[:, 0]))


def bert(small):
    tokens = 12 if small else 128
    module = Bert(2, 48, 3, 500, 40) if small else Bert(12, 768, 12, 30522, 512)
    mask = torch.ones(1, tokens, dtype=torch.int64)
    mask[:, -tokens // 4 :] = 0
    inputs = {
        "input_ids": torch.randint(0, module.words.num_embeddings, (1, tokens)),
        "token_type_ids": (torch.arange(tokens) >= tokens // 2).long().unsqueeze(0),
        "attention_mask": mask,
    }
    axes = {0: "batch", 1: "tokens"}
    return Network(
        module,
        inputs,
        ("hidden", "pooled"),
        {**{name: axes for name in inputs}, "hidden": axes, "pooled": {0: "batch"}},
    )


class BertEmbedded(nn.Module):
    """BERT's encoder alone, of PyTorch's own layers."""

    def __init__(self, layers, width, heads):
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, 0.0, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, embedded):
        return self.encoder(embedded)


def bert_embedded(small):
    module = BertEmbedded(2, 48, 3) if small else BertEmbedded(12, 768, 12)
    shape = (1, 12, 48) if small else (1, 128, 768)
    return Network(module, {"embedded": torch.randn(shape)}, ("hidden",))


class Attentions(nn.Module):
    """Attention as it is written here and there; tokens first in x, keys and values."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.first = nn.MultiheadAttention(width, heads)
        self.other = nn.MultiheadAttention(width, heads, kdim=width // 2, vdim=width // 4)
        self.alone = nn.MultiheadAttention(width, 1, batch_first=True)
        self.packed = nn.Linear(width, 3 * width)
        self.query = nn.Linear(width, width)

    def in_parts(self, y):
        """Q, K and V along an axis of their own, Q scaled."""
        batch, tokens, width = y.shape
        shape = (batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = self.packed(y).reshape(shape).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * shape[-1] ** -0.5) @ k.transpose(-2, -1)
        return (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width)

    def scaled_early(self, y):
        """Scaled before there are heads, keys transposed at once."""
        shape = (y.shape[0], y.shape[1], self.heads, y.shape[2] // self.heads)
        q = (self.query(y) / math.sqrt(shape[-1])).view(shape).permute(0, 2, 1, 3)
        k = y.view(shape).permute(0, 2, 3, 1)
        v = y.view(shape).transpose(1, 2)
        return ((q @ k).softmax(-1) @ v).permute(0, 2, 1, 3).flatten(2)

    def of_pixels(self, y):
        """The tokens are pixels of an image; both sides scaled."""
        batch, tokens, width = y.shape
        flat = y.transpose(1, 2).reshape(batch, width, tokens, 1).flatten(2)
        scale = width**-0.25
        scores = (flat.transpose(1, 2) * scale) @ (flat * scale)
        return (scores.softmax(-1) @ flat.transpose(1, 2)).transpose(1, 2)

    def forward(self, x, keys, values):
        x = self.norm(x)
        y = x.transpose(0, 1)
        return (
            self.first(x, x, x, need_weights=False)[0],
            self.other(x, keys, values, need_weights=False)[0],
            self.alone(y, y, y, need_weights=False)[0],
            self.in_parts(y),
            self.scaled_early(y),
            self.of_pixels(y),
        )


def attentions(small):
    width = 48 if small else 192
    inputs = {
        "x": torch.randn(10, 2, width),
        "keys": torch.randn(7, 2, width // 2),
        "values": torch.randn(7, 2, width // 4),
    }
    outputs = ("first", "other", "alone", "in_parts", "scaled_early", "of_pixels")
    return Network(Attentions(width, 3), inputs, outputs)


def changed(build, **fields):
    """The same with other fields of Network."""

    def build_changed(small):
        network = build(small)
        for key, value in fields.items():
            setattr(network, key, value)
        return network

    return build_changed


NETWORKS = {
    "resnet18": plain("resnet18", 224, 64),
    "resnet18_norms": changed(plain("resnet18", 224, 64), keep_norms=True, opset=15),
    "resnet18_external": changed(plain("resnet18", 224, 64), external=True),
    "resnet50": changed(open_batch("resnet50", 224, 64), opset=11),
    "resnet152": changed(resnet152, bar=1e-3),
    "vgg19": vgg19,
    "inception_v3": plain(
        "inception_v3", 299, 107, aux_logits=False, transform_input=False, init_weights=False
    ),
    "efficientnet_b0": changed(plain("efficientnet_b0", 224, 64), opset=17),
    "mobilenet_v2": open_batch("mobilenet_v2", 224, 64),
    "mobilenet_v3_large": plain("mobilenet_v3_large", 224, 64),
    "mobilenet_v3_small": changed(plain("mobilenet_v3_small", 224, 64), opset=17),
    "densenet121": changed(plain("densenet121", 224, 64), bar=1e-3),
    "squeezenet1_1": plain("squeezenet1_1", 224, 64),
    "shufflenet_v2_x1_0": plain("shufflenet_v2_x1_0", 224, 64),
    "regnet_y_400mf": changed(plain("regnet_y_400mf", 224, 64), opset=16),
    "convnext_tiny": changed(plain("convnext_tiny", 224, 64), opset=17),
    "googlenet": plain(
        "googlenet", 224, 64, aux_logits=False, transform_input=False, init_weights=False
    ),
    "mnasnet1_0": plain("mnasnet1_0", 224, 64),
    "deeplabv3_resnet50": segmentation("deeplabv3_resnet50"),
    "fcn_resnet50": segmentation("fcn_resnet50"),
    "vit_b_16": vit,
    "vit_b_16_17": changed(vit, opset=17),
    "swin_t": swin,
    "swin_t_17": changed(swin, opset=17),
    "attentions": attentions,
    "attentions_17": changed(attentions, opset=17),
    "bert_base": bert,
    "bert_base_17": changed(bert, opset=17),
    "bert_base_embedded": changed(bert_embedded, opset=14),
}


SHIFT = 0.5  # of what goes into activations, in standard deviations


def is_norm(module):
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def soften(module):
    """Makes networks as smooth as trained ones are.

    What a residual block adds is less than what it gets, and activations cut off less than half
    of what they get. Else every layer spreads rounding errors, and after fifty of them rounding
    alone comes close to what is allowed.
    """
    for child in module.modules():
        if is_norm(child):
            child.bias.add_(SHIFT)
        elif isinstance(child, models.resnet.Bottleneck):
            child.bn3.weight.mul_(0.4)
        elif isinstance(child, models.resnet.BasicBlock):
            child.bn2.weight.mul_(0.4)


def spread_parameters(module):
    """No two parameters of one dimension alike, none zero: exporters merge equal ones."""
    for child in module.modules():
        if isinstance(child, nn.MultiheadAttention):
            for weight in (child.in_proj_weight, child.q_proj_weight):
                if weight is not None:
                    weight.mul_(2)  # attention that prefers some tokens
        for name, parameter in child.named_parameters(recurse=False):
            if name in ("layer_scale", "relative_position_bias_table", "class_token"):
                parameter.copy_(torch.randn_like(parameter) * 0.3)
            elif parameter.dim() == 1 and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            elif parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            elif parameter.abs().max() < 1e-6:
                parameter.copy_(torch.randn_like(parameter) / math.sqrt(parameter.shape[-1]))


def normalise_outputs(layer, _inputs, output):
    """A forward hook: scales the layer so that its channels have mean 0 and variance 1."""
    axes = [axis for axis in range(output.dim()) if axis != 1]
    mean, std = output.mean(axes), output.std(axes)
    # a few images say little about a unit that is one number, but something about all units
    std = std.clamp(min=0.3 * std.square().mean().sqrt().item())
    shift = SHIFT + 0.1 * torch.randn_like(mean)
    layer.weight.div_(std.view([-1] + [1] * (layer.weight.dim() - 1)))
    layer.bias.copy_((layer.bias - mean) / std + shift)
    shape = [1, -1] + [1] * (output.dim() - 2)
    return (output - mean.view(shape)) / std.view(shape) + shift.view(shape)


def calibrate(network, small):
    """Statistics of random images, so that activations neither grow, vanish nor become alike."""
    layers = list(network.module.modules())
    norms = [m for m in layers if is_norm(m)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean
        norm.train()
    hooks = []
    if not norms and not any(isinstance(m, nn.LayerNorm) for m in layers):
        hooks = [
            m.register_forward_hook(normalise_outputs)
            for m in layers
            if isinstance(m, (nn.Conv2d, nn.Linear))
        ]
    if norms or hooks:
        (name,) = network.inputs
        shape = list(network.inputs[name].shape)
        shape[0] = 8 if small else 3
        network.module(torch.randn(shape))
    for norm in norms:
        # likewise
        norm.running_var.clamp_(min=0.1 * norm.running_var.mean().item())
    for hook in hooks:
        hook.remove()
    network.module.eval()


def build(name, small):
    """The network of that name, ready to be used; the same for the same arguments."""
    torch.manual_seed(sum(name.encode()))
    with torch.no_grad():
        network = NETWORKS[name](small)
        network.module.eval()
        spread_parameters(network.module)
        soften(network.module)
        calibrate(network, small)
    return network
