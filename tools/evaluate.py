"""How good the embedded model and its edits are, on scenes it has never seen; writes nbs/results/*.json

python tools/evaluate.py model    # round trip of the autoencoder, generation from full captions
python tools/evaluate.py edits    # edits by the presets, beside generation without a reference
"""
import argparse, json
from fractions import Fraction
from pathlib import Path
import numpy as np
import torch
from cogvideo_ddim_edit.loading import load_pipeline
from cogvideo_ddim_edit.reconstruction import PRESETS, edit_video
from cogvideo_ddim_edit.shapes import ATTRIBUTES, caption, counterfactual, read_clip, render, sample_scene
from cogvideo_ddim_edit.video import Video, decode_latents, encode_video

FIRST_SEED = 2_000_000


def as_video(scene): return Video(render(scene).frames, Fraction(8), 'scene', tuple(range(scene.num_frames)), ())


def psnr(a, b): return float(10*np.log10(255**2/np.mean((a.astype(float) - b.astype(float))**2)))


def evaluate_model(pipe, clips, steps, guidance, batch=16):
    "Round trip and what generated clips read as"
    scenes = [sample_scene(FIRST_SEED + i, held_out=None) for i in range(clips)]
    videos = [as_video(s) for s in scenes]
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


def pairs(n):
    "Scenes, each with an edit of its colour, its shape or its background, in turn"
    rng = np.random.default_rng(FIRST_SEED)
    for i in range(n):
        scene, name = sample_scene(FIRST_SEED + 10_000 + i, held_out=None), ('color', 'shape', 'background')[i % 3]
        yield scene, name, counterfactual(scene, **{name: str(rng.choice([a for a in ATTRIBUTES[name] if a != getattr(scene, name)]))})


def judge(frames, scene, name, wanted):
    "Does the asked attribute read right, and how far is the object from its track at worst?"
    seen = read_clip(frames)
    error = np.linalg.norm(seen.track - render(scene).track, axis=1)
    lost = not np.isfinite(error).any() # the object may be hidden in a few frames, not in all
    return bool(getattr(seen, name) == getattr(wanted, name)), 99. if lost else float(np.nanmax(error)), psnr(frames, render(wanted).frames)


def summary(rows):
    right, error, answer = (np.array(x) for x in zip(*rows))
    return dict(attribute=float(right.mean()), within_3_px=float((error <= 3).mean()), both=float((right & (error <= 3)).mean()), median_error=float(np.median(error)), psnr_to_answer=float(answer.mean()))


def evaluate_edits(pipe, n, steps):
    "Every preset and generation without a source, on the same pairs"
    by_attribute = {'color': [], 'shape': [], 'background': []}
    rows = {'no reference (generation)': [], **{name: [] for name in PRESETS}}
    for i, (scene, name, wanted) in enumerate(pairs(n)):
        noise = torch.randn((1, 3, pipe.vae.config.latent_channels, 16, 16), generator=torch.Generator().manual_seed(i))
        frames = pipe(caption(wanted), num_frames=9, latents=noise, num_inference_steps=steps, guidance_scale=PRESETS['default'].guidance_scale,
                      max_sequence_length=pipe.transformer.config.max_text_seq_length, output_type='np').frames[0]
        rows['no reference (generation)'].append(judge(np.round(frames*255).astype(np.uint8), scene, name, wanted))
        for preset in PRESETS:
            out = edit_video(pipe, as_video(scene), caption(wanted), source_prompt=caption(scene), preset=preset, num_inference_steps=steps, seed=i)
            rows[preset].append(judge(out.video.frames, scene, name, wanted))
            if preset == 'default': by_attribute[name].append(rows[preset][-1])
        print(i + 1, {k: round(summary(r)['both'], 2) for k, r in rows.items()}, flush=True)
    return dict(pairs=n, num_inference_steps=steps, methods={k: summary(r) for k, r in rows.items()},
                default_by_attribute={k: summary(r) for k, r in by_attribute.items() if r})


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['model', 'edits'])
    parser.add_argument('-n', type=int, default=60, help='how many clips or pairs')
    parser.add_argument('--steps', type=int, default=50)
    parser.add_argument('--guidance_scale', type=float, default=6.)
    parser.add_argument('--model_path')
    a = parser.parse_args()
    pipe = load_pipeline(a.model_path)
    pipe.set_progress_bar_config(disable=True)
    result = evaluate_model(pipe, a.n, a.steps, a.guidance_scale) if a.what == 'model' else evaluate_edits(pipe, a.n, a.steps)
    out = Path(__file__).parents[1]/'nbs'/'results'/f'{a.what}.json'
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + '\n')
    print(json.dumps(result, indent=1))
