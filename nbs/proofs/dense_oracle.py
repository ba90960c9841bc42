"""Attention to a reference from its definition: every key with its weight, in float64

Written without a look at `cogvideo_ddim_edit.attention`, which the proofs compare with it."""

import torch

ALMOST_ALL = 1e15  # In place of a weight of ∞


def weights_of_keys(injection, T, S, w):
    """What keys of edit and reference count for, how far queries look, how much is shown: (S,)

    T of S tokens are text, and w is the weight."""
    video, m = torch.arange(S) >= T, torch.ones(S, dtype=torch.float64)
    if injection.shown is not None:
        m[T:] = injection.shown.flatten()
    if not injection.reference_text:
        m[:T] = 0
    r = torch.where(video, 1.0, float(injection.text_looks)).double()
    if injection.looks is not None:
        r[T:] = injection.looks.flatten()
    edit, ref = torch.ones(S), torch.zeros(S)
    if injection.kind == 'added':
        ref = w * m
    if injection.kind == 'convex':
        edit, ref = 1 / (1 + w * m), w * m / (1 + w * m)
    if injection.kind == 'replaced':
        edit, ref = 1 - w * m, w * m
    return edit, ref, r[:, None], m


def mean(q, k, v, weight):
    """The mean of values, from the definition"""
    scores = torch.einsum('ehid,ehjd->ehij', q, k) / q.shape[-1] ** 0.5
    e = torch.exp(scores) * weight
    return torch.einsum('ehij,ehjd->ehid', e, v) / e.sum(-1, keepdim=True)


def oracle(q, k, v, q_ref, k_ref, v_ref, T, injection):
    """Attention of the edit's rows, (edits, heads, S, size), float64"""
    shape, rows = q.shape, (q, k, v, q_ref, k_ref, v_ref)
    q, k, v, q_ref, k_ref, v_ref = (x.double().expand(shape) for x in rows)
    w, S = min(injection.weight, ALMOST_ALL), q.shape[2]
    edit, ref, r, m = weights_of_keys(injection, T, S, w)
    part = (m * w * (torch.arange(S) >= T))[:, None]
    if injection.kind == 'values':
        looking = mean(q, k, (1 - part) * v + part * v_ref, edit)
    elif injection.kind == 'queries and keys':
        turned = torch.cat([q[:, :, :T], q_ref[:, :, T:]], 2)
        looking = mean(turned, (1 - part) * k + part * k_ref, v, edit)
    else:
        keys, values = torch.cat([k, k_ref], 2), torch.cat([v, v_ref], 2)
        looking = mean(q, keys, values, torch.cat([edit, ref]))
    return (1 - r) * mean(q, k, v, torch.ones(S)) + r * looking
