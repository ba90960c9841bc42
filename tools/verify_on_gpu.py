"""Run a CogVideoX of full size with random weights on a GPU and write down what it takes

    python tools/verify_on_gpu.py                          5B, 49 frames of 720×480, on the GPU
    python tools/verify_on_gpu.py --small --device cpu     the same steps in a minute, to try them

No weights are needed: they are made on the device. Each section stands alone: one that fails says
so in the file, and the next one runs. After `--seconds` no further section begins. The JSON file is
written anew after each section, so that what is done is kept."""

from argparse import ArgumentParser
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
import gc
import json
import platform
import time
import traceback

import torch

from cogvideo_ddim_edit.activations import count_allocations
from cogvideo_ddim_edit.cost import job_calls
from cogvideo_ddim_edit.reference import injected
from cogvideo_ddim_edit.loading import place
from cogvideo_ddim_edit.memory import Mode, needed, plan_memory
from cogvideo_ddim_edit.model_parts import weight_bytes
from cogvideo_ddim_edit.model_settings import ModelSettings
from cogvideo_ddim_edit.models import COMPONENTS, PUBLISHED
from cogvideo_ddim_edit.operations import call_flops, text_flops, vae_flops
from cogvideo_ddim_edit.presets import PRESETS
from cogvideo_ddim_edit.random_models import TINY, published_pipeline

DTYPE = torch.bfloat16
BACKENDS = 'native', '_native_flash', '_native_cudnn', '_native_efficient'
CHANGES = {  # so that videos are larger than a tile, and there are blocks to choose from
    'text_encoder': dict(vocab_size=512, feed_forward_proj='gated-gelu'),
    'vae': dict(sample_height=64, sample_width=96),
    'transformer': dict(num_layers=4, sample_width=12, sample_height=8, sample_frames=17),
}
SMALL = {part: TINY[part] | changes for part, changes in CHANGES.items()}


# Measuring


def synchronise(device):
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


@contextmanager
def watched(device):
    "An object with `seconds` and `peak`: bytes at the most, on a GPU those before included"
    seen = SimpleNamespace(seconds=None, peak=None)
    synchronise(device)
    gc.collect()
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
    start = time.perf_counter()
    if device.type == 'cuda':
        yield seen
    else:
        with count_allocations() as counted:
            yield seen
    synchronise(device)
    seen.seconds = time.perf_counter() - start
    seen.peak = torch.cuda.max_memory_allocated(device) if device.type == 'cuda' else counted.peak


def timed(about, work, device, laps=2):
    "`about`, and seconds and bytes of the last of some laps; the first ones warm up"
    for _ in range(laps):
        with watched(device) as seen:
            work()
    row = dict(seconds=round(seen.seconds, 4), peak_bytes=seen.peak)
    if device.type == 'cuda':
        row['reserved_bytes'] = torch.cuda.max_memory_reserved(device)
    return row | about


# Work


class Bench:
    "A pipeline, a video's shapes and what is planned for them"

    def __init__(self, args):
        self.args, self.device = args, torch.device(args.device)
        self.video = tuple(map(int, args.video.split('x')))
        changes = SMALL if args.small else {}
        self.pipe = published_pipeline(args.family, args.device, changes, 'bfloat16')
        self.configs = {c: PUBLISHED[args.family][c] | changes.get(c, {}) for c in COMPONENTS}
        frames, height, width = self.video
        latents = (frames - 1) // 4 + 1
        latents += -latents % (self.pipe.transformer.config.patch_size_t or 1)
        self.size = latents, height // 8, width // 8

    @property
    def on_gpu(self):
        return self.device.type == 'cuda'

    def tensor(self, *shape):
        return torch.randn(*shape, device=self.device, dtype=DTYPE)

    def plan(self, mode=None, rows=2, references=1):
        f, h, w = self.video
        how = dict(num_frames=f, height=h, width=w, rows=rows, references=references)
        return plan_memory(self.configs, 'bfloat16', mode or Mode(), **how)

    def planned(self, phase, mode=None, **rows):
        "Bytes that the plan has for a phase; on a CPU without the weights"
        found = next(p for p in self.plan(mode, **rows).phases if p.name == phase)
        return found.total if self.on_gpu else found.activations

    def rotary(self):
        c, (f, h, w) = self.pipe.transformer.config, self.size
        if not c.use_rotary_positional_embeddings:
            return None
        return self.pipe._prepare_rotary_positional_embeddings(h * 8, w * 8, f, self.device)

    def inputs(self, rows):
        "Of a call of the transformer"
        c, (f, h, w) = self.pipe.transformer.config, self.size
        words = self.tensor(rows, c.max_text_seq_length, c.text_embed_dim)
        return dict(
            hidden_states=self.tensor(rows, f, c.in_channels, h, w),
            encoder_hidden_states=words,
            timestep=torch.full((rows,), 999, device=self.device),
            ofs=torch.full((1,), 2.0, device=self.device) if c.ofs_embed_dim else None,
            image_rotary_emb=self.rotary(),
            return_dict=False,
        )

    def call(self, inputs):
        return self.pipe.transformer(**inputs)[0]

    def text(self):
        ids = torch.zeros(2, 226, dtype=torch.long, device=self.device)
        return self.pipe.text_encoder(ids)[0]

    def encode(self):
        return self.pipe.vae.encode(self.tensor(1, 3, *self.video)).latent_dist.mode()

    def decode(self):
        f, h, w = self.size
        return self.pipe.vae.decode(self.tensor(1, 16, f, h, w)).sample

    def tiling(self, on):
        if on:
            self.pipe.vae.enable_tiling()
        else:
            self.pipe.vae.disable_tiling()


# Sections: each takes a bench and returns what goes into the file


def weights(bench):
    "Are the weights as many bytes as planned?"
    held = {
        c: sum(t.numel() * t.itemsize for t in [*m.parameters(), *m.buffers()])
        for c, m in bench.pipe.components.items()
        if isinstance(m, torch.nn.Module)
    }
    planned = {c: weight_bytes(c, bench.configs[c], 'bfloat16') for c in COMPONENTS}
    return {c: dict(bytes=held[c], planned_bytes=planned[c]) for c in COMPONENTS}


def text(bench):
    "Two texts"
    flops = 2 * text_flops(bench.configs['text_encoder'])
    about = dict(planned_bytes=bench.planned('text'), flops=flops)
    return timed(about, bench.text, bench.device)


def autoencoder(bench):
    "A video encoded and decoded, whole and in tiles"
    found = {}
    for part, work in (('encode', bench.encode), ('decode', bench.decode)):
        for tiled in (False, True):
            bench.tiling(tiled)
            flops = vae_flops(bench.configs['vae'], part, *bench.video)
            about = dict(
                planned_bytes=bench.planned(part, Mode(tiling=tiled)), flops_without_tiles=flops
            )
            name = f'{part}, tiled' if tiled else part
            found[name] = timed(about, work, bench.device, 1 + bench.on_gpu)
    bench.tiling(False)
    return found


def inversion_step(bench):
    "One row, diffusers' own attention"
    inputs, config = bench.inputs(1), bench.pipe.transformer.config
    about = dict(
        planned_bytes=bench.planned('transformer', rows=1, references=0),
        flops=call_flops(config, bench.size),
    )
    return timed(about, lambda: bench.call(inputs), bench.device)


def dearest(config, size, preset, **how):
    "The call of a job that asks for most"
    calls = [c for c in job_calls(preset, **how) if c.part == 'edit']
    return max(calls, key=lambda c: c.flops(config, size) / c.times)


def edit_step(bench, call):
    "One call of the transformer with the source in view"
    config, (f, h, w) = bench.pipe.transformer.config, bench.size
    inputs, c = bench.inputs(call.rows), config
    rows = dict(rows=call.rows, references=call.references)
    about = rows | dict(
        planned_bytes=bench.planned('transformer', **rows),
        flops=call.flops(config, bench.size) // call.times,
    )
    if not call.references:
        return timed(about, lambda: bench.call(inputs), bench.device)
    always = replace(call.injection, steps_interval=(0.0, 1.0), weight=call.weight)
    trajectory = {999: torch.randn(1, f, c.out_channels, h, w)}
    words = bench.tensor(1, c.max_text_seq_length, c.text_embed_dim)
    with injected(bench.pipe.transformer, always, trajectory, words):
        return timed(about, lambda: bench.call(inputs), bench.device)


def edit_steps(bench):
    "The dearest step of every preset and of the public script; equal ones run once"
    config, found, known = bench.pipe.transformer.config, {}, {}
    calls = {name: dearest(config, bench.size, name) for name in PRESETS}
    calls['public script'] = dearest(config, bench.size, 'public_script', shortcut=False)
    for name, call in calls.items():
        key = call.rows, call.references, call.injection, call.weight
        if key not in known:
            known[key] = edit_step(bench, call)
        row = known[key]
        found[name] = row | dict(tflops=round(row['flops'] / row['seconds'] / 1e12, 2))
    return found


def backends(bench):
    "One row with each attention kernel of diffusers' dispatcher, by our processor"
    from cogvideo_ddim_edit.attention import (
        CogVideoXAttnProcessor2_0ForDDIMInversion,
        OverrideAttnProcessors,
    )

    inputs, found = bench.inputs(1), {}
    plain = bench.call(inputs)
    for name in BACKENDS if bench.on_gpu else ('native',):

        def processor(i, n, name=name):
            processor = CogVideoXAttnProcessor2_0ForDDIMInversion(references=lambda batch: 0)
            processor._attention_backend = name
            return processor

        try:
            with OverrideAttnProcessors(bench.pipe.transformer, processor):
                found[name] = timed({}, lambda: bench.call(inputs), bench.device)
                error = (bench.call(inputs) - plain).abs().max() / plain.abs().max()
                found[name]['relative_difference'] = float(error)
        except Exception as e:
            found[name] = failure(e)
    return found


def compiled(bench):
    "Blocks compiled one by one, the reference in view"
    transformer, config = bench.pipe.transformer, bench.pipe.transformer.config
    call = dearest(config, bench.size, 'default')
    plain = edit_step(bench, call)
    start = time.perf_counter()
    for block in transformer.transformer_blocks:
        block.compile(backend='inductor' if bench.on_gpu else 'eager')
    try:
        fast = edit_step(bench, call)
    finally:
        for block in transformer.transformer_blocks:
            block._compiled_call_impl = None
        torch._dynamo.reset()
    took = round(time.perf_counter() - start, 1)
    return dict(plain=plain, compiled=fast, seconds_with_compilation=took)


def phases(bench, mode):
    "All phases of an edit once in a mode that is already in place"
    inputs, found = bench.inputs(3), {}
    work = dict(
        text=bench.text,
        encode=bench.encode,
        transformer=lambda: bench.call(inputs),
        decode=bench.decode,
    )
    for name, run in work.items():
        planned = bench.planned(name, mode, rows=2, references=1)
        found[name] = timed(dict(planned_bytes=planned), run, bench.device, 1)
        if mode.offload == 'model':
            bench.pipe.maybe_free_model_hooks()  # else the last one stays
    plan = bench.plan(mode)
    return found | dict(planned_peak_bytes=plan.peak, planned_with_margin_bytes=needed(plan))


def attempt(bench, name):
    "All phases in a mode, or why not"
    try:
        place(bench.pipe, ModelSettings(offload=name, tiling=True, device=bench.args.device))
        return phases(bench, Mode(name, True))
    except Exception as e:
        traceback.print_exc()
        return failure(e)


def modes(bench):
    "Peak of every phase in every mode; the last section, for group offload stays"
    found = {}
    for name in ('none', 'model', 'sequential', 'group') if bench.on_gpu else ('none', 'group'):
        found[name] = attempt(bench, name)
        if name == 'group':
            break
        bench.pipe.remove_all_hooks()
        bench.pipe.to('cpu')
        if bench.on_gpu:
            torch.cuda.empty_cache()
    return found


SECTIONS = (weights, text, inversion_step, edit_steps, autoencoder, backends, compiled, modes)


# The file


def about_machine(device):
    import diffusers
    import transformers

    versions = dict(
        python=platform.python_version(),
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
    )
    if device.type != 'cuda':
        return dict(card='CPU', versions=versions)
    p = torch.cuda.get_device_properties(device)
    return dict(card=p.name, card_bytes=p.total_memory, versions=versions, cuda=torch.version.cuda)


def failure(error):
    "What the file says of a section that failed"
    return dict(error=f'{type(error).__name__}: {error}'.splitlines()[0])


def save(report, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + '\n', encoding='utf-8')


def run_section(section, bench):
    "What a section finds, or why it could not"
    start = time.perf_counter()
    try:
        with torch.no_grad():
            found = section(bench)
    except Exception as e:
        traceback.print_exc()
        found = failure(e)
    if bench.on_gpu:
        torch.cuda.empty_cache()
    return found | dict(section_seconds=round(time.perf_counter() - start, 1))


def main(argv=None):
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--family', default='5b', choices=list(PUBLISHED))
    parser.add_argument('--video', help='frames x height x width; default: 49x480x720')
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--small', action='store_true', help='small models, to try the script')
    parser.add_argument('--seconds', type=float, default=480, help='begin no section after these')
    parser.add_argument('--sections', nargs='*', help=', '.join(s.__name__ for s in SECTIONS))
    parser.add_argument('--output', type=Path, default=Path('nbs/results/gpu.json'))
    args = parser.parse_args(argv)
    args.video = args.video or ('17x64x96' if args.small else '49x480x720')
    start = time.perf_counter()
    bench = Bench(args)
    took = round(time.perf_counter() - start, 1)
    report = about_machine(bench.device) | dict(
        family=args.family, small=args.small, video=args.video, made_seconds=took
    )
    for section in SECTIONS:
        name = section.__name__
        if args.sections and name not in args.sections:
            continue
        if time.perf_counter() - start > args.seconds:
            report[name] = dict(error='no time left')
        else:
            report[name] = run_section(section, bench)
        report['seconds'] = round(time.perf_counter() - start, 1)
        save(report, args.output)
        print(name, json.dumps(report[name]), flush=True)


if __name__ == '__main__':
    main()
