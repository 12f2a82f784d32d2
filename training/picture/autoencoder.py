"""The autoencoder in TAESD3's shape, as trained: `CHANNELS` of its 64 inner channels are used.

Latents are fixed and linear: the 12 first principal components of 8 x 8 pixel patches of
drawn cakes (the shape has 16 channels; 12 carry the picture, the decoder ignores the rest). TAESD3's encoder can compute exactly that (pixels are not negative, so ReLU lets
them pass); only the decoder is trained. `export.py` fills the unused channels with zeros.
"""

import torch
import torch.nn.functional as F
from torch import nn

FACTOR, LATENTS, CHANNELS, INNER = 8, 12, 32, 64


class Residual(nn.Module):
    def __init__(self, channels=CHANNELS):
        super().__init__()
        self.conv = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(3))
        nn.init.zeros_(self.conv[2].weight)
        nn.init.zeros_(self.conv[2].bias)

    def forward(self, x):
        h = F.relu(self.conv[0](x))
        h = F.relu(self.conv[1](h))
        return F.relu(self.conv[2](h) + x)


class Decoder(nn.Module):
    """Latents (N, 12, h, w) to pictures (N, 3, 8h, 8w) around 0..1."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(LATENTS, CHANNELS, 3, padding=1)
        self.stages = nn.ModuleList(nn.ModuleList(Residual() for _ in range(n)) for n in (3, 3, 3))
        self.up = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False) for _ in range(3))
        self.last = Residual()
        self.rgb = nn.Conv2d(CHANNELS, 3, 3, padding=1)

    def forward(self, z):
        x = F.relu(self.first(3 * torch.tanh(z / 3)))
        for stage, up in zip(self.stages, self.up):
            for block in stage:
                x = block(x)
            x = up(F.interpolate(x, scale_factor=2, mode="nearest"))
        return self.rgb(self.last(x))


class Components:
    """The linear encoder: z = (patch - mean) @ basis, (192,) and (192, 12)."""

    def __init__(self, mean, basis):
        self.mean, self.basis = mean, basis

    @staticmethod
    def fit(pictures):
        """pictures: (N, 3, H, W) in 0..1. Components are scaled to about unit size, strong
        ones more than weak ones, so that the loss sees what the eye sees first."""
        patches = F.unfold(pictures, FACTOR, stride=FACTOR).transpose(1, 2).reshape(-1, 3 * FACTOR ** 2)
        mean = patches.mean(0)
        values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
        values, vectors = values.flip(0)[:LATENTS], vectors.flip(1)[:, :LATENTS]
        deviation = values.sqrt()
        wanted = (deviation / deviation[0]) ** 0.4
        return Components(mean, vectors * (wanted / deviation)), wanted, values

    def encode(self, pictures):
        weight = self.basis.T.reshape(LATENTS, 3, FACTOR, FACTOR)
        return F.conv2d(pictures, weight, -(self.mean @ self.basis), stride=FACTOR)
