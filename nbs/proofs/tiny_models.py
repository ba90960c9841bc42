"""Tiny random transformers of the five families: what the proofs about attention share"""

import torch
from diffusers import CogVideoXTransformer3DModel
from diffusers.models.embeddings import get_3d_rotary_pos_embed

from cogvideo_ddim_edit.attention import reference_attention
from cogvideo_ddim_edit.reference import injected
from cogvideo_ddim_edit.schedule import PerToken

FAMILY = {
    '2b': dict(use_rotary_positional_embeddings=False),
    '5b': {},
    '5b-i2v': dict(use_learned_positional_embeddings=True, in_channels=8),
    '1.5': dict(patch_size_t=2, patch_bias=False),
    '1.5-i2v': dict(patch_size_t=2, patch_bias=False, in_channels=8, ofs_embed_dim=8),
}
SMALL = dict(
    num_attention_heads=2,
    attention_head_dim=16,
    in_channels=4,
    out_channels=4,
    time_embed_dim=8,
    text_embed_dim=8,
    num_layers=3,
    sample_width=8,
    sample_height=8,
    sample_frames=13,
    patch_size=2,
    max_text_seq_length=5,
    use_rotary_positional_embeddings=True,
)
PRECISION = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 2e-2}  # relative errors
HALF = (torch.arange(64) % 2).float()  # every other token of the video


def rotary_of(family: str) -> tuple | None:
    """Positions of 4 latent frames of 4 × 4 patches"""
    if family == '2b':
        return None
    if family.startswith('1.5'):
        return get_3d_rotary_pos_embed(16, None, (4, 4), 2, grid_type='slice', max_size=(8, 8))
    return get_3d_rotary_pos_embed(16, ((0, 0), (4, 4)), (4, 4), 4)


def tiny(family: str, seed: int = 7, dtype=torch.float32, **settings) -> tuple:
    """A transformer of a family, and a batch of inputs for it

    Random weights attend almost evenly, so queries are sharpened for the tests to feel anything."""
    torch.manual_seed(seed)
    m = CogVideoXTransformer3DModel(**{**SMALL, **FAMILY[family], **settings})
    m.eval().requires_grad_(False)
    for block in m.transformer_blocks:
        block.attn1.norm_q.weight.mul_(6)
    x = torch.randn(2, 4, m.config.in_channels, 8, 8).to(dtype)
    inputs = dict(
        hidden_states=x,
        encoder_hidden_states=torch.randn(2, 5, 8).to(dtype),
        ofs=torch.tensor([2.0]).to(dtype) if m.config.ofs_embed_dim else None,
        timestep=torch.tensor([499, 499]),
        image_rotary_emb=rotary_of(family),
        return_dict=False,
    )
    return torch.nn.Module.to(m, dtype), inputs


def tokens_of(family: str) -> int:
    """Tokens of the video"""
    return 32 if family.startswith('1.5') else 64


def models():
    """Every family in every precision"""
    for family in FAMILY:
        for dtype in PRECISION:
            yield family, dtype, *tiny(family, dtype=dtype)


def run(m, inputs: dict, injection=None, seed: int = 8, **how) -> torch.Tensor:
    """Output of the edit rows, with a random reference if there is an injection"""
    if injection is None:
        return m(**inputs)[0]
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 4, 4, 8, 8, generator=g).to(m.dtype)
    e = torch.randn(1, 5, 8, generator=g)
    with injected(m, injection, {499: x}, e, **how):
        return m(**inputs)[0]


def look(q, k, v, q_ref, k_ref, v_ref, text_length: int, injection) -> torch.Tensor:
    """`reference_attention` with the settings of an injection"""
    return reference_attention(
        *(q, k, v, q_ref, k_ref, v_ref, text_length),
        *(injection.kind, injection.weight),
        PerToken(injection.reference_text, injection.shown),
        PerToken(injection.text_looks, injection.looks),
    )
