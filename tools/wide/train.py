"""Teach the embedded transformer the wider world on one GPU: clips are drawn on the CPUs while it trains.
python train.py --data FOLDER (world.py, vae/, weights/) --out FOLDER --seconds S [--resume FOLDER]
With --resume it goes on from raw.safetensors, average.safetensors, moments.safetensors and progress.json of an earlier run:
a third of the rate, flat for three fifths of the time, then down to zero; clips are new ones"""
import argparse, copy, json, math, os, queue, sys, time, warnings
warnings.simplefilter('ignore')
import numpy as np

TEXT = 32
# name: (frames, width, height, clips kept, batch, share of the steps)
BUCKETS = {'a': (9, 64, 64, 60000, 384, .66), 'b': (17, 64, 64, 9000, 192, .15), 'c': (9, 96, 64, 9000, 256, .09),
           'd': (33, 64, 64, 2500, 96, .05), 'e': (17, 96, 64, 2500, 128, .05)}
CAPTIONS = 3

def label_grid(masks, ids, frames, h, w):
    "(tokens, 3): which colour, shape and motion each token shows, -1 for none"
    m = np.concatenate([masks[:, :1]]*3 + [masks], 1)  # four frames for every latent frame
    t = m.reshape(len(m), -1, 4, h//8, 8, w//8, 8).mean((2, 4, 6))
    who, best = t.argmax(0), t.max(0)
    out = ids[who]
    out[best < .12] = -1
    return out.reshape(-1, 3).astype(np.int8)

def draw_clips(data, seed, bucket, count, shares, vocabulary):
    "Frames, covers, labels and caption tokens of some clips; runs in a process of its own"
    sys.path.insert(0, data)
    import world
    frames, width, height = BUCKETS[bucket][:3]
    rng = np.random.default_rng(seed)
    names = {'color': tuple(world.COLORS), 'shape': world.SHAPES, 'motion': tuple(world.MOTIONS)}
    films = np.empty((count, frames, height, width, 3), np.uint8)
    covers = np.empty((count, frames, height, width), np.uint8)
    labels = np.empty((count, ((frames - 1)//4 + 1)*(height//8)*(width//8), 3), np.int8)
    tokens = np.zeros((count, CAPTIONS, TEXT), np.int16)
    old = shares[0] if frames in (9, 17) and width == 64 else 0.
    for i in range(count):
        u = rng.random()
        level = 'old' if u < old else 'near' if u < old + shares[1] else 'wide'
        scene = world.sample_scene(rng, level, frames, width, height)
        films[i], masks = world.render(scene)
        covers[i] = np.round(255*masks.sum(0).clip(0, 1))
        ids = np.array([[names[a].index(getattr(t, a)) for a in names] for t in scene.things])
        labels[i] = label_grid(masks, ids, frames, height, width)
        for k in range(CAPTIONS):
            words = world.caption(scene, rng).split()
            tokens[i, k, :len(words) + 1] = [vocabulary[w] for w in words] + [1]
    return bucket, films, covers, labels, tokens

def worker(data, number, jobs, results, shares, vocabulary, first=0):
    os.environ['OMP_NUM_THREADS'] = '1'
    n = 0
    while True:
        bucket = jobs.get()
        if bucket is None: return
        n += 1
        results.put(draw_clips(data, [number, n, 7 + first], bucket, int(os.environ.get('LOT', 0)) or (64 if bucket in 'ac' else 32), shares, vocabulary))

def main():
    p = argparse.ArgumentParser()
    p.add_argument('--data', required=True); p.add_argument('--out', required=True); p.add_argument('--seconds', type=float, default=400)
    p.add_argument('--device', default='cuda'); p.add_argument('--lr', type=float, default=None); p.add_argument('--resume'); p.add_argument('--flat', type=float, default=None); p.add_argument('--workers', type=int, default=14)
    p.add_argument('--fill', type=float, default=45.); p.add_argument('--blocks', type=int, default=8); p.add_argument('--small', action='store_true'); p.add_argument('--steps', type=int, default=10**9)
    a = p.parse_args()
    begin = time.time()
    a.lr = a.lr or (5e-4 if a.resume else 1.5e-3)
    a.flat = (.6 if a.resume else .35) if a.flat is None else a.flat
    os.makedirs(a.out, exist_ok=True)
    about = json.load(open(f'{a.resume}/progress.json')) if a.resume else dict(step=0, curve=[])
    def since(): return time.time() - begin
    sys.path.insert(0, a.data)
    import world
    import torch, torch.nn.functional as F
    import torch.multiprocessing as mp
    from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
    from diffusers.models.embeddings import apply_rotary_emb, get_3d_rotary_pos_embed
    from diffusers.pipelines.cogvideo.pipeline_cogvideox import get_resize_crop_region_for_grid
    from diffusers import CogVideoXDDIMScheduler
    from transformers import T5Config, T5EncoderModel
    from safetensors.torch import load_file, save_file
    print('imports', round(since(), 1), torch.__version__, flush=True)
    device, cuda = torch.device(a.device), a.device == 'cuda'
    if cuda:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        print(torch.cuda.get_device_name(), flush=True)
    buckets = {k: (f, w, h, 256 if a.small else size, 6 if a.small else n, s) for k, (f, w, h, size, n, s) in BUCKETS.items()}
    letters = 'abcdefghijklmnopqrstuvwxyz0123456789.,!?-\''
    pieces = ['<pad>', '</s>', '<unk>', '▁'] + ['▁' + w for w in world.WORDS] + list(letters)
    if a.resume: pieces, a.blocks = about['pieces'], about['blocks']
    vocabulary = {w: pieces.index('▁' + w) for w in world.WORDS}
    # ---- clips are drawn from now on
    context = mp.get_context('spawn')
    jobs, results = context.Queue(), context.Queue(maxsize=48)
    shares = (.15, .2)
    crew = [context.Process(target=worker, args=(a.data, i, jobs, results, shares, vocabulary, about['step']), daemon=True) for i in range(a.workers)]
    for c in crew: c.start()
    order = np.random.default_rng(3)
    wanted = 0
    def ask(n, weights=None):
        nonlocal wanted
        names = list(buckets); s = np.array(weights or [buckets[k][5] for k in names])
        for _ in range(n): jobs.put(names[order.choice(len(names), p=s/s.sum())]); wanted += 1
    ask(60 if a.small else 1600, [.7, .13, .1, .035, .035])
    # ---- models
    old_pieces = json.load(open(f'{a.data}/pieces.json'))
    text_state = load_file(f'{a.data}/weights/text_encoder/model.safetensors')
    c = json.load(open(f'{a.data}/weights/text_encoder/config.json'))
    text = T5EncoderModel(T5Config(**{k: v for k, v in c.items() if k in ('d_model', 'd_kv', 'd_ff', 'num_layers', 'num_heads', 'relative_attention_num_buckets', 'feed_forward_proj', 'dropout_rate')}, vocab_size=len(pieces)))
    torch.manual_seed(1)
    rows = text_state['shared.weight'].float()
    table = rows.mean(0) + torch.randn(len(pieces), rows.shape[1])*rows.std()
    for i, piece in enumerate(pieces):
        if piece in old_pieces: table[i] = rows[old_pieces[piece]]
    missing = text.load_state_dict({k: v.float() for k, v in text_state.items() if k not in ('shared.weight', 'encoder.embed_tokens.weight')}, strict=False)
    text.shared.weight.data.copy_(table)
    text.encoder.embed_tokens = text.shared
    print('text encoder', missing, flush=True)
    config = json.load(open(f'{a.data}/weights/transformer/config.json'))
    state = {k: v.float() for k, v in load_file(f'{a.data}/weights/transformer/diffusion_pytorch_model.safetensors').items()}
    n_old = config['num_layers']
    place = {6: [0, 1, 2, 3, 4, 5], 8: [0, 1, 3, 4, 6, 7]}[a.blocks] if n_old == 6 else list(range(n_old))
    deep = {6: (1, 3), 8: (1, 4)}[a.blocks]
    config = {k: v for k, v in config.items() if not k.startswith('_')} | dict(max_text_seq_length=TEXT, sample_frames=33, num_layers=a.blocks)
    transformer = CogVideoXTransformer3DModel(**config)
    for block in transformer.transformer_blocks:
        for norm in (block.norm1, block.norm2): torch.nn.init.zeros_(norm.linear.weight); torch.nn.init.zeros_(norm.linear.bias)
    moved = {}
    for k, v in state.items():
        if k.startswith('transformer_blocks.'):
            _, i, rest = k.split('.', 2)
            k = f'transformer_blocks.{place[int(i)]}.{rest}'
        moved[k] = v
    print('transformer', [k for k in transformer.load_state_dict(moved, strict=False).missing_keys][:4], sum(p.numel() for p in transformer.parameters())/1e6, flush=True)
    def part(file, prefix): return {k[len(prefix):]: v.float() for k, v in file.items() if k.startswith(prefix)}
    def fill(file, pair):
        for kind, m in zip(('transformer', 'text'), pair):
            found = m.load_state_dict(part(file, f'{kind}/'), strict=False)
            if found.unexpected_keys or set(found.missing_keys) - {'encoder.embed_tokens.weight'}: raise SystemExit(f'{kind}: {found}')
    if a.resume and config != about['config']: raise SystemExit('the embedded model has another configuration than the run to go on from')
    vae = AutoencoderKLCogVideoX.from_pretrained(f'{a.data}/vae', torch_dtype=torch.bfloat16 if cuda else torch.float32).eval().requires_grad_(False).to(device)
    factor = vae.config.scaling_factor
    transformer, text = transformer.to(device).train(), text.to(device).train()
    averages = [copy.deepcopy(m).requires_grad_(False).eval() for m in (transformer, text)]
    if a.resume:  # the embedded model is the average, if there is no other
        if os.path.exists(f'{a.resume}/average.safetensors'): fill(load_file(f'{a.resume}/average.safetensors'), averages)
        fill(load_file(f'{a.resume}/raw.safetensors'), (transformer, text))

    class Attention:
        "CogVideoX's own, with few operations"
        def __call__(self, attn, hidden_states, encoder_hidden_states, attention_mask=None, image_rotary_emb=None):
            t = encoder_hidden_states.shape[1]
            x = torch.cat([encoder_hidden_states, hidden_states], 1)
            q, k, v = (f(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2) for f in (attn.to_q, attn.to_k, attn.to_v))
            q, k = attn.norm_q(q), attn.norm_k(k)
            if image_rotary_emb is not None:
                q = torch.cat([q[:, :, :t], apply_rotary_emb(q[:, :, t:], image_rotary_emb)], 2)
                k = torch.cat([k[:, :, :t], apply_rotary_emb(k[:, :, t:], image_rotary_emb)], 2)
            out = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v)
            out = attn.to_out[0](out.transpose(1, 2).flatten(2))
            return out[:, t:], out[:, :t]

    transformer.set_attn_processor(Attention())
    averages[0].set_attn_processor(Attention())
    width = transformer.proj_out.in_features
    sizes = [len(world.COLORS), len(world.SHAPES), len(world.MOTIONS)]
    heads = torch.nn.ModuleDict({'mask': torch.nn.Linear(width, 256), 'words': torch.nn.Linear(width, sum(sizes))}).to(device)
    torch.nn.init.constant_(heads['mask'].bias, -2.7)
    for m in heads.values(): torch.nn.init.zeros_(m.weight)
    seen = {}
    transformer.transformer_blocks[deep[1]].register_forward_hook(lambda m, i, o: seen.__setitem__('mask', o[0]))
    transformer.transformer_blocks[deep[0]].register_forward_hook(lambda m, i, o: seen.__setitem__('words', o[0]))
    matrices = [p for n, p in transformer.named_parameters() if 'transformer_blocks' in n and p.ndim == 2 and 'norm' not in n]
    ids = {id(p) for p in matrices}
    rest = [p for m in (transformer, text) for p in m.parameters() if id(p) not in ids] + list(heads.parameters())
    optimizers = [torch.optim.Muon(matrices, lr=2*a.lr, weight_decay=.01, adjust_lr_fn='match_rms_adamw'),
                  torch.optim.AdamW(rest, a.lr, betas=(.9, .98), weight_decay=.01, fused=cuda)]
    if a.resume:
        moments = f'{a.resume}/moments.safetensors'
        for name, v in (load_file(moments) if os.path.exists(moments) else {}).items():
            i, j, k = name.split('/')
            optimizers[int(i)].state[optimizers[int(i)].param_groups[0]['params'][int(j)]][k] = v.float().to(device)
        print('resumed at step', about['step'], 'moments', [len(o.state) for o in optimizers], flush=True)
    top = [[g['lr'] for g in o.param_groups] for o in optimizers]
    scheduler = CogVideoXDDIMScheduler(num_train_timesteps=1000, beta_start=.00085, beta_end=.012, beta_schedule='scaled_linear', clip_sample=False, set_alpha_to_one=True,
                                       prediction_type='v_prediction', rescale_betas_zero_snr=True, snr_shift_scale=1., timestep_spacing='trailing')
    alphas = scheduler.alphas_cumprod.to(device).float()
    cosine, sine = alphas.sqrt(), (1 - alphas).sqrt()

    def rope(f, w, h):
        grid, base = (h//8, w//8), config['sample_width']//2
        crops = get_resize_crop_region_for_grid(grid, base, base)
        return get_3d_rotary_pos_embed(config['attention_head_dim'], crops, grid, (f - 1)//4 + 1, device=device)
    rotary = {k: rope(*b[:3]) for k, b in buckets.items()}
    even, center, spread = .35, 700., 180.
    bell = torch.exp(-.5*((torch.arange(1000, device=device) - center)/spread)**2)
    share_t = (even/1000 + (1 - even)*bell/bell.sum()).cumsum(0)

    # ---- reservoirs on the device
    pools = {}
    for k, (f, w, h, size, *_r) in buckets.items():
        lf = (f - 1)//4 + 1
        pools[k] = dict(n=0, next=0, z=torch.empty(size, lf, 16, h//4, w//4, dtype=torch.float16, device=device),
                        cover=torch.empty(size, f, h, w, dtype=torch.uint8, device=device),
                        labels=torch.empty(size, lf*(h//8)*(w//8), 3, dtype=torch.int8, device=device),
                        tokens=torch.empty(size, CAPTIONS, TEXT, dtype=torch.int16, device=device))

    held = {}
    @torch.no_grad()
    def receive(wait=0., keep=None):
        "Encode one lot of clips, if there is one"
        nonlocal wanted
        try: k, films, covers, labels, tokens = keep or (results.get(timeout=wait) if wait else results.get_nowait())
        except queue.Empty: return 0
        if not keep: wanted -= 1
        x = torch.from_numpy(films).to(device).permute(0, 4, 1, 2, 3).to(vae.dtype)/127.5 - 1
        z = vae.encode(x).latent_dist.mode().float().mul(factor).transpose(1, 2).half()
        if not torch.isfinite(z).all(): raise SystemExit('latents are not finite')
        if keep:  # never trained on
            held['a'] = tuple(t.to(device) for t in (z.float(), torch.from_numpy(covers), torch.from_numpy(tokens)))
            return 0
        pool, n = pools[k], len(films)
        size = len(pool['z'])
        at = (pool['next'] + torch.arange(n, device=device)) % size
        pool['z'][at] = z
        for name, value in (('cover', covers), ('labels', labels), ('tokens', tokens)): pool[name][at] = torch.from_numpy(value).to(device)
        pool['next'], pool['n'] = (pool['next'] + n) % size, min(size, pool['n'] + n)
        return n

    receive(keep=draw_clips(a.data, [999_999, 0, 0], 'a', 64, shares, vocabulary))
    got, t0 = 0, time.time()
    while time.time() - t0 < a.fill and wanted: got += receive(1.)
    print(f'{got} clips in {time.time() - t0:.0f} s', {k: p['n'] for k, p in pools.items()}, 'at', round(since(), 1), flush=True)
    names = [k for k in buckets if pools[k]['n'] >= buckets[k][4]]
    odds = np.array([buckets[k][5] for k in names]); odds = odds/odds.sum()

    def in_fours(m): return torch.cat([m[:, :1].expand(-1, 3, -1, -1), m], 1)

    def velocity(model, encoder, z, tokens, t, noise, rot):
        cos, sin = cosine[t].view(-1, 1, 1, 1, 1), sine[t].view(-1, 1, 1, 1, 1)
        with torch.autocast(device.type, torch.bfloat16):
            e = encoder(tokens)[0]
            v = model((cos*z + sin*noise).to(torch.bfloat16), e, t, image_rotary_emb=rot, return_dict=False)[0].float()
        return (v - (cos*noise - sin*z)).square()

    @torch.no_grad()
    def validate():
        z, cover, tokens = held['a']
        g = torch.Generator(device).manual_seed(5)
        noise, out = torch.randn(z.shape, generator=g, device=device), {}
        for t in (900, 700, 500, 250):
            tt = torch.full((len(z),), t, device=device)
            out[t] = round(velocity(averages[0], averages[1], z, tokens[:, 0].long(), tt, noise, rotary['a']).mean().item(), 4)
        return out

    def save(step, curve):
        parts = {'average': averages, 'raw': (transformer, text)}
        for name, models in parts.items():
            tensors = {f'{kind}/{k}': v.detach().to(torch.bfloat16).cpu().contiguous().clone() for kind, m in zip(('transformer', 'text'), models) for k, v in m.state_dict().items() if k != 'encoder.embed_tokens.weight'}
            save_file(tensors, f'{a.out}/{name}.part'); os.replace(f'{a.out}/{name}.part', f'{a.out}/{name}.safetensors')
        moments = {f'{i}/{j}/{k}': v.detach().to(torch.bfloat16).cpu().contiguous().clone() for i, o in enumerate(optimizers) for j, s in o.state_dict()['state'].items() for k, v in s.items() if torch.is_tensor(v) and v.ndim and i == 0}
        save_file(moments, f'{a.out}/moments.safetensors')
        json.dump(dict(step=about['step'] + step, seconds=about.get('seconds', 0) + since(), curve=about['curve'] + curve, runs=about.get('runs', []) + [dict(step=step, seconds=since(), validation=checks, lr=a.lr)], config=config, pieces=pieces, blocks=a.blocks, lr=a.lr), open(f'{a.out}/progress.json', 'w'))

    checks = []
    def check():
        checks.append((about['step'] + step, validate()))
        return checks[-1]
    step = 0
    print('validation', check(), 'at', round(since(), 1), flush=True)
    step, mean, curve, start, saved, last = 0, None, [], time.time(), time.time(), time.time()
    budget = a.seconds - since()
    rng = np.random.default_rng([1, about['step']])
    torch.manual_seed(1 + about['step'])
    before = about['curve'][-1][0] if about['curve'] else 0
    fresh = 0
    while step < a.steps:
        done = (time.time() - start)/budget
        if done >= 1: break
        k = names[rng.choice(len(names), p=odds)]
        pool, n = pools[k], buckets[k][4]
        i = torch.randint(pool['n'], (n,), device=device)
        z, cover, labels = pool['z'][i].float(), pool['cover'][i], pool['labels'][i].long()
        tokens = pool['tokens'][i, torch.randint(CAPTIONS, (n,), device=device)].long()
        empty = torch.rand(n, 1, device=device) < .1
        tokens = torch.where(empty, torch.tensor([1] + [0]*(TEXT - 1), device=device), tokens)
        t = torch.searchsorted(share_t, (torch.arange(n, device=device) + torch.rand(n, device=device))/n).clamp(max=999)[torch.randperm(n, device=device)]
        rate = min(1, (step + 1)/200)*(1. if done < a.flat else .003 + .997*.5*(1 + math.cos(math.pi*(done - a.flat)/(1 - a.flat))))
        for o, rs in zip(optimizers, top):
            for g, r in zip(o.param_groups, rs): g['lr'] = r*rate
        error = velocity(transformer, text, z, tokens, t, torch.randn_like(z), rotary[k])
        touched = F.max_pool3d(in_fours(cover).float()[:, None], 4)[:, 0] > 12
        weight = (1 + 2*(touched[:, :, None] & (t < 750).view(-1, 1, 1, 1, 1))).expand_as(error)
        target = (in_fours(cover).float()/255).unflatten(1, (-1, 4)).unflatten(3, (-1, 8)).unflatten(5, (-1, 8)).permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(1, 3)
        mask_loss = F.binary_cross_entropy_with_logits(heads['mask'](seen['mask'].float()), target)
        logits = heads['words'](seen['words'].float()).split(sizes, -1)
        word_loss = sum(F.cross_entropy(l.flatten(0, 1), labels[..., j].flatten(), ignore_index=-1) for j, l in enumerate(logits))/3
        loss = (weight*error).sum()/weight.sum() + .1*mask_loss + .05*word_loss
        for o in optimizers: o.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*transformer.parameters(), *text.parameters()], 1.)
        for o in optimizers: o.step()
        decay = min(.9985, (about['step'] + step + 1)/(about['step'] + step + 10))
        with torch.no_grad():
            for m, av in zip((transformer, text), averages): torch._foreach_lerp_(list(av.parameters()), list(m.parameters()), 1 - decay)
        step += 1
        if step % 4 == 0:
            fresh += receive()
            if wanted < 40: ask(40)
        if step % 100 == 0:
            value = error.mean().item()
            mean = value if mean is None else .8*mean + .2*value
            if not math.isfinite(value): raise SystemExit('the loss is not finite')
            curve.append((before + round(time.time() - start), about['step'] + step, round(mean, 4)))
            if step % 500 == 0 or step == 100: print(f'step {step} {time.time() - start:.0f} s {mean:.4f} fresh {fresh} lr {rate:.3f} mask {mask_loss.item():.4f} words {word_loss.item():.4f}', flush=True)
        if time.time() - saved > 100:
            print('validation', check(), flush=True)
            save(step, curve); saved = time.time()
    print('end', check(), 'at', round(since(), 1), flush=True)
    save(step, curve)
    for c in crew: c.kill()
    os._exit(0)

if __name__ == '__main__': main()
