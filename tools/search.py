"""Which settings edit best: every setting on the same validation pairs, in rounds that vary one thing; writes nbs/results/search.json

python tools/search.py                                  # the embedded model
python tools/search.py --model_path FOLDER --pairs 9    # another model of the same world
"""
import argparse, json
from pathlib import Path
from cogvideo_ddim_edit.attention import Injection
from cogvideo_ddim_edit.inversion import invert
from cogvideo_ddim_edit.loading import load_pipeline
from cogvideo_ddim_edit.reconstruction import edit
from cogvideo_ddim_edit.shapes import caption
from evaluate import as_video, judge, pairs, summary

VALIDATION = 50_000 # further seeds than those of the pairs that presets are measured on

INVERSIONS = {'refined': {}, 'entry': dict(stochastic_entry=1), 'entry, last residual': dict(stochastic_entry=1, replay_steps=1)}

INJECTIONS = {'none': Injection(weight=0.), **{f'values 0-{to:g}': Injection('values', steps=(0, to)) for to in (.2, .4, .6)}, 'values 0-0.4, later layers': Injection('values', steps=(0, .4), layers=(.34, 1)),
              **{f'convex {w:g} 0-{to:g}': Injection('convex', w, steps=(0, to)) for w, to in ((.5, 1), (1, .5), (1, 1), (2, .5))}, 'convex 4 falling': Injection('convex', ((0., 4.), (.6, 0.))),
              'replaced 0-0.3': Injection('replaced', steps=(0, .3)), 'queries and keys 0-0.5': Injection('queries and keys', steps=(0, .5)), 'added 0-0.5': Injection('added', steps=(0, .5))}


def score(found): return found['both'], found['psnr_to_answer']


def search(pipe, n, steps, log=print):
    "The best of three rounds: injection, guidance and negative prompt, inversion"
    world, inversions, found = list(pairs(n, VALIDATION)), {}, {}
    def inverted(i, kind):
        if (i, kind) not in inversions: inversions[i, kind] = invert(pipe, as_video(world[i][0]), caption(world[i][0]), num_inference_steps=steps, seed=i, **INVERSIONS[kind])
        return inversions[i, kind]
    def attempt(kind, injection, guidance, negative):
        name = f'{kind} | {injection} | guidance {guidance:g} | negative {negative}'
        if name not in found:
            rows = []
            for i, (scene, attribute, wanted) in enumerate(world):
                out = edit(pipe, inverted(i, kind), caption(wanted), INJECTIONS[injection], guidance_scale=guidance, negative_prompt=caption(scene) if negative == 'source' else '', seed=i)
                rows.append(judge(out.video.frames, scene, attribute, wanted))
            found[name] = dict(inversion=kind, injection=injection, guidance_scale=guidance, negative=negative, **summary(rows), settings=INJECTIONS[injection].settings())
            log(name, {k: round(v, 2) for k, v in summary(rows).items()}, flush=True)
        return found[name]
    ranked = lambda: sorted(found.values(), key=score, reverse=True)
    for injection in INJECTIONS: attempt('entry', injection, 6., 'empty')
    for best in ranked()[:2]:
        for guidance, negative in ((3., 'empty'), (10., 'empty'), (6., 'source'), (10., 'source')): attempt('entry', best['injection'], guidance, negative)
    for best in ranked()[:2]:
        for kind in INVERSIONS: attempt(kind, best['injection'], best['guidance_scale'], best['negative'])
    return dict(pairs=n, num_inference_steps=steps, ranking=ranked())


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model_path')
    parser.add_argument('--pairs', type=int, default=18)
    parser.add_argument('--steps', type=int, default=25)
    a = parser.parse_args()
    pipe = load_pipeline(a.model_path)
    pipe.set_progress_bar_config(disable=True)
    result = search(pipe, a.pairs, a.steps)
    (Path(__file__).parents[1]/'nbs'/'results'/'search.json').write_text(json.dumps(result, indent=1) + '\n')
