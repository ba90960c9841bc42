"""Which settings edit best, on validation pairs; writes nbs/results/search.json (an engine's part of it), or layers.json

python tools/search.py                                       # every engine, the embedded model
python tools/search.py injection --pairs 8 --workers 2       # one engine
python tools/search.py --layers                              # injection in each block and third of the steps alone
python tools/search.py --layers --model_path FOLDER          # the same for another CogVideoX; writes to output/

A search that was stopped goes on where it was: what has been computed is in output/search or output/layers."""
import argparse, json
from pathlib import Path
import torch
from cogvideo_ddim_edit.benchmark import GRIDS, draw_layers, layer_scores, search
from cogvideo_ddim_edit.loading import load_pipeline

ROOT = Path(__file__).resolve().parents[1]


def search_engines(pipe, engines, pairs, steps, folder, **kwargs):
    "The best of every engine, by its name"
    found = {}
    for engine in engines:
        found[engine] = search(pipe, engine, pairs, steps, folder/engine, **kwargs)
        for step in found[engine]['rounds']:
            print(f"{step['edit_and_keep']:.3f} {step['chosen']}", flush=True)
    return found


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('engines', nargs='*', default=list(GRIDS), metavar='engine', help=f'some of {", ".join(GRIDS)}; default: all')
    parser.add_argument('--layers', action='store_true', help='the map of blocks and steps, in place of the search')
    parser.add_argument('--share', default='values', help='what the map injects, as for Injection')
    parser.add_argument('--model_path', help='a folder or hub name; default: the embedded model')
    parser.add_argument('--output_path', help='where the JSON goes; default: nbs/results for the embedded model, else the folder of rows')
    parser.add_argument('--folder', help='where rows go; default: output/search or output/layers')
    parser.add_argument('--pairs', type=int, default=24)
    parser.add_argument('--steps', type=int, default=25)
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--dtype', choices=['float32', 'bfloat16', 'float16'], help='of the transformer')
    a = parser.parse_args()
    if unknown := set(a.engines) - set(GRIDS):
        parser.error(f'there is no engine {", ".join(unknown)}; use some of {", ".join(GRIDS)}')
    what = 'layers' if a.layers else 'search'
    folder = Path(a.folder or ROOT/'output'/what)
    pipe = load_pipeline(a.model_path)
    pipe.set_progress_bar_config(disable=True)
    how = dict(workers=a.workers, dtype=a.dtype and getattr(torch, a.dtype), log=True)
    if a.layers:
        result = layer_scores(pipe, a.pairs, a.steps, folder, share=a.share, **how)
        draw_layers(result).savefig(folder/'layers.png')
    else:
        result = search_engines(pipe, a.engines, a.pairs, a.steps, folder, rounds=a.rounds, **how)
    out = Path(a.output_path or (folder if a.model_path else ROOT/'nbs'/'results'))
    out.mkdir(parents=True, exist_ok=True)
    file = out/f'{what}.json'
    if not a.layers:
        result = (json.loads(file.read_text(encoding='utf-8')) if file.is_file() else {}) | result # other engines keep what is there
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
    print(file)
