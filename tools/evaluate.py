"""How good the embedded model and its inversion are, on scenes it has never seen; writes nbs/results/*.json

python tools/evaluate.py model    # round trip of the autoencoder, generation from full captions
python tools/evaluate.py inversion # there and back without a reference, beside diffusers' inverse scheduler
"""
import argparse, json
from copy import deepcopy
from pathlib import Path
import numpy as np
import torch
from diffusers import DDIMInverseScheduler
from cogvideo_ddim_edit.benchmark import film
from cogvideo_ddim_edit.calls import call_pipeline, encode_prompts, noise_likeness
from cogvideo_ddim_edit.inversion import InversionSettings, ddim_inversion, replay_residuals
from cogvideo_ddim_edit.schedulers import CogVideoXDDIMInverseScheduler, CogVideoXDDIMPathScheduler, scheduler_of
from cogvideo_ddim_edit.loading import load_pipeline, random_pipeline
from cogvideo_ddim_edit.metrics import psnr
from cogvideo_ddim_edit.shapes import ATTRIBUTES, caption, read_clip, sample_scene
from cogvideo_ddim_edit.video import decode_latents, encode_video

FIRST_SEED = 2_000_000


def evaluate_model(pipe, clips, steps, guidance, batch=16):
    "Round trip and what generated clips read as"
    scenes = [sample_scene(FIRST_SEED + i, held_out=None) for i in range(clips)]
    videos = [film(pipe, s) for s in scenes]
    trips = [decode_latents(pipe, encode_video(pipe, v)) for v in videos]
    right = []
    for i in range(0, clips, batch):
        some = scenes[i:i + batch]
        noise = torch.randn((len(some), 3, pipe.vae.config.latent_channels, 16, 16), generator=torch.Generator().manual_seed(i))
        frames = pipe([caption(s) for s in some], num_frames=9, latents=noise, num_inference_steps=steps, guidance_scale=guidance,
                      max_sequence_length=pipe.transformer.config.max_text_seq_length, output_type='np').frames
        right += [[getattr(read_clip(f), a) == getattr(s, a) for a in ATTRIBUTES] for f, s in zip(frames, some)]
    right = np.array(right)
    return dict(clips=clips, num_inference_steps=steps, guidance_scale=guidance, round_trip_psnr=float(np.mean([psnr(a, v.frames) for a, v in zip(trips, videos)])),
                round_trip_read=float(np.mean([read_clip(a).says(s) for a, s in zip(trips, scenes)])),
                **{a: float(r) for a, r in zip(ATTRIBUTES, right.mean(0))}, all=float(right.all(1).mean()))


def psnr_latents(a, b): return [float(10*torch.log10((y.max() - y.min())**2/(x - y).square().mean())) for x, y in zip(a, b)]


INVERSIONS = { # name: inverse scheduler (None: ours), its settings, residuals kept (of so many last steps, or 'all')
    'diffusers DDIMInverseScheduler': ('theirs', {}, None),
    'warm start': (None, {}, None),
    'refined 5, 3, 2': (None, dict(refinement=(5, 3, 2)), None),
    'refined 10, 5, 3, 2, 2': (None, dict(refinement=(10, 5, 3, 2, 2)), None),
    'refined 10, 5, 3, 2, 2, last residual': (None, dict(refinement=(10, 5, 3, 2, 2)), 1),
    'refined 10, 5, 3, 2, 2, all residuals': (None, dict(refinement=(10, 5, 3, 2, 2)), 'all'),
    'even angles, warm start': (None, dict(path_spacing='angle'), None),
    'even angles, refined 5, 3, 2': (None, dict(path_spacing='angle', refinement=(5, 3, 2)), None),
    'entry 1': (None, dict(entry_steps=1), None),
    'entry 1, last residual': (None, dict(entry_steps=1), 1),
}


@torch.no_grad()
def there_and_back(pipe, z, embeds, n, scheduler, settings, kept):
    "Latents (B, F, C, h, w) inverted and sampled again; also the noise in between and the number of network calls of the inversion"
    calls = 0
    def count(module, args):
        nonlocal calls
        calls += 1
    inverse = DDIMInverseScheduler(**pipe.scheduler.config) if scheduler else CogVideoXDDIMInverseScheduler.from_config(pipe.scheduler.config, **settings)
    path = {k: v for k, v in settings.items() if k == 'path_spacing'}
    hook = pipe.transformer.register_forward_pre_hook(count)
    trajectory = ddim_inversion(pipe, z, embeds, n, scheduler=inverse)
    how = InversionSettings(n, replay_steps=n if kept == 'all' else kept or 0, **path)
    residuals = replay_residuals(pipe, trajectory, z, embeds, how) if kept else {}
    hook.remove()
    forward = CogVideoXDDIMPathScheduler.from_config(pipe.scheduler.config, **path)
    forward.residuals = residuals
    with scheduler_of(pipe, forward):
        back = call_pipeline(pipe, trajectory[max(trajectory)].to(z), embeds, num_inference_steps=n, guidance_scale=1.)
    return back.float(), trajectory[max(trajectory)], calls


def evaluate_inversion(pipe, clips, batch=10, steps=(50, 25)):
    "Mean PSNR in latents and pixels, there and back under the source prompt, and what the end of the path is like"
    scenes = [sample_scene(FIRST_SEED + 20_000 + i, held_out=None) for i in range(clips)]
    videos, found = [film(pipe, s) for s in scenes], {}
    z = torch.cat([encode_video(pipe, v) for v in videos])
    embeds = encode_prompts(pipe, [caption(s) for s in scenes])
    ceiling = float(np.mean([psnr(decode_latents(pipe, x[None]), v.frames) for x, v in zip(z, videos)]))
    for n in steps:
        for name, (scheduler, settings, kept) in INVERSIONS.items():
            parts = [there_and_back(pipe, z[i:i + batch], embeds[i:i + batch], n, scheduler, settings, kept) for i in range(0, clips, batch)]
            back, noise = torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
            likeness = [noise_likeness(x[None]) for x in noise]
            pixels = [psnr(decode_latents(pipe, x[None]), v.frames) for x, v in zip(back, videos)]
            found.setdefault(str(n), {})[name] = dict(calls=parts[0][2], latents=float(np.mean(psnr_latents(back, z))), pixels=float(np.mean(pixels)), std=float(np.mean([k.std for k in likeness])), correlation=float(np.mean([k.correlation for k in likeness])))
            print(n, name, {k: round(v, 2) for k, v in found[str(n)][name].items()}, flush=True)
    half = deepcopy(pipe.transformer).to(torch.bfloat16)
    return dict(clips=clips, autoencoder=ceiling, steps=found, bfloat16=evaluate_format(pipe, half, z[:batch], embeds[:batch]), random_2b=evaluate_random('2b'))


def evaluate_format(pipe, half, z, embeds, n=50):
    "Latent PSNR of weights and state in float32, of bfloat16 weights with our float32 state, and with a state that is rounded in every step"
    class Rounded(CogVideoXDDIMInverseScheduler):
        as_state = staticmethod(lambda x: x.to(torch.bfloat16))
    class RoundedPath(CogVideoXDDIMPathScheduler):
        as_state = staticmethod(lambda x: x.to(torch.bfloat16))
    full, out = pipe.transformer, {}
    for name, transformer, there, back in (('float32 weights and state', full, CogVideoXDDIMInverseScheduler, CogVideoXDDIMPathScheduler), ('bfloat16 weights, float32 state', half, CogVideoXDDIMInverseScheduler, CogVideoXDDIMPathScheduler),
                                           ('bfloat16 weights and state', half, Rounded, RoundedPath)):
        pipe.transformer = transformer
        e = embeds.to(transformer.dtype)
        start = z if back is CogVideoXDDIMPathScheduler else z.to(torch.bfloat16)
        trajectory = ddim_inversion(pipe, start, e, n, scheduler=there.from_config(pipe.scheduler.config, refinement=(5, 3, 2)))
        with torch.no_grad(), scheduler_of(pipe, back.from_config(pipe.scheduler.config)):
            x = call_pipeline(pipe, trajectory[999].to(start), e, num_inference_steps=n, guidance_scale=1.)
        out[name] = float(np.mean(psnr_latents(x.float(), z)))
        print(name, out[name], flush=True)
    pipe.transformer = full
    return out


def evaluate_random(family, batch=10):
    "Latent PSNR there and back for a tiny model of random weights, whose velocities are scaled to those of a trained one"
    pipe, out = random_pipeline(family), {}
    g = torch.Generator().manual_seed(0)
    z, embeds = torch.randn(batch, 3, 16, 4, 4, generator=g), encode_prompts(pipe, ['a red circle moving right']*batch)
    with torch.no_grad():
        v = pipe.transformer(z, embeds, torch.full((batch,), 499), return_dict=False)[0]
    pipe.transformer.proj_out.weight.data /= v.std()
    pipe.transformer.proj_out.bias.data /= v.std()
    for n in (50, 25):
        for name, (scheduler, settings, kept) in INVERSIONS.items():
            back, _, calls = there_and_back(pipe, z, embeds, n, scheduler, settings, kept)
            out.setdefault(str(n), {})[name] = dict(calls=calls, latents=float(np.mean(psnr_latents(back, z))))
            print(family, n, name, out[str(n)][name], flush=True)
    return out


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['model', 'inversion'])
    parser.add_argument('-n', type=int, default=60, help='how many clips')
    parser.add_argument('--steps', type=int, default=50)
    parser.add_argument('--guidance_scale', type=float, default=6.)
    parser.add_argument('--model_path')
    a = parser.parse_args()
    pipe = load_pipeline(a.model_path)
    pipe.set_progress_bar_config(disable=True)
    result = {'model': lambda: evaluate_model(pipe, a.n, a.steps, a.guidance_scale), 'inversion': lambda: evaluate_inversion(pipe, a.n)}[a.what]()
    out = Path(__file__).parents[1]/'nbs'/'results'/f'{a.what}.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + '\n')
    print(json.dumps(result, indent=1))
