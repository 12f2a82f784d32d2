"""How weights are kept in an export."""
import torch

TYPES = ("fp32", "bf16", "int8")


def finished(layer, kind):
    """A linear layer in its type, as soon as it is made: a large model is never in memory in float32 as a whole."""
    if kind == "bf16":
        return layer.to(torch.bfloat16)
    if kind == "int8":
        return torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(layer), {torch.nn.Linear}, dtype=torch.qint8)[0]
    return layer


def table(weight, kind):
    """An embedding and what the output layer begins with: the same memory but for int8, whose rows are looked up in bf16."""
    if kind == "bf16":
        weight = weight.to(torch.bfloat16)
    return (weight.to(torch.bfloat16) if kind == "int8" else weight), weight
