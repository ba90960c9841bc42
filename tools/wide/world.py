"""The wider world: one or two moving objects in any colour, plain or textured grounds, a slow pan; truth known."""
import colorsys
import math
from dataclasses import dataclass, field, replace

import numpy as np

# Ranges around the names: hue in degrees (from, to), saturation and value in 0…1
COLORS = {'red': ((-14, 11), (.5, 1), (.62, 1)), 'orange': ((19, 36), (.62, 1), (.85, 1)),
          'yellow': ((46, 62), (.45, 1), (.85, 1)), 'green': ((85, 152), (.4, 1), (.4, .95)),
          'blue': ((206, 244), (.45, 1), (.6, 1)), 'purple': ((266, 296), (.38, 1), (.5, 1)),
          'pink': ((318, 342), (.25, .65), (.9, 1)), 'white': ((0, 360), (0, .05), (.9, 1)),
          'black': ((0, 360), (0, .3), (0, .12))}
BACKGROUNDS = {'gray': ((0, 360), (0, .06), (.2, .76)), 'brown': ((18, 34), (.4, .75), (.3, .55)),
               'teal': ((174, 192), (.5, 1), (.3, .62)), 'navy': ((226, 246), (.5, .95), (.28, .52)),
               'white': ((0, 360), (0, .04), (.88, 1)), 'black': ((0, 360), (0, .3), (0, .1)),
               'beige': ((32, 48), (.12, .32), (.75, .95)), 'green': ((90, 152), (.35, .85), (.25, .6)),
               'blue': ((205, 226), (.35, .9), (.6, 1))}
OLD_COLORS = {'red': (250, 118, 106), 'yellow': (252, 220, 84), 'green': (110, 222, 122), 'blue': (122, 168, 255),
              'purple': (216, 136, 246), 'white': (250, 250, 250)}
OLD_BACKGROUNDS = {'gray': (66, 66, 70), 'brown': (98, 62, 34), 'teal': (18, 84, 90), 'navy': (44, 50, 112)}
SHAPES = ('circle', 'square', 'triangle', 'star')
MOTIONS = {'right': 'moving right', 'left': 'moving left', 'up': 'moving up', 'down': 'moving down',
           'circling': 'circling', 'bouncing': 'bouncing', 'still': 'standing still'}
TEXTURES = {'plain': '', 'stripes': 'striped', 'dots': 'dotted', 'noise': 'cloudy'}
TURNS = {'right': 0, 'down': 1, 'left': 2, 'up': 3}
REACH = 1.56  # farthest corner of a shape of unit area radius


@dataclass(frozen=True)
class Thing:
    color: str
    rgb: tuple  # 0…1
    shape: str
    motion: str
    size: float  # radius of the circle of equal area, pixels
    path: tuple  # centres (x, y) of every frame
    spot: bool = False
    shade: float = 0.  # light at the top minus light at the bottom, as a share
    tilt: float = 0.  # radians


@dataclass(frozen=True)
class Ground:
    color: str
    rgb: tuple
    gradient: tuple = ()  # as in the old world, or empty
    texture: str = 'plain'
    numbers: tuple = ()  # of the texture
    amplitude: float = 0.
    pan: tuple = (0., 0.)  # pixels a frame


@dataclass(frozen=True)
class Scene:
    things: tuple
    ground: Ground
    num_frames: int = 9
    width: int = 64
    height: int = 64


def draw_rgb(rng, ranges):
    hue, saturation, value = (rng.uniform(*r) for r in ranges)
    return colorsys.hsv_to_rgb(hue % 360/360, saturation, value)


def lab(rgb):
    c = np.asarray(rgb, float)
    c = np.where(c > .04045, ((c + .055)/1.055)**2.4, c/12.92)
    xyz = c @ np.array([[.4124564, .2126729, .0193339], [.3575761, .7151522, .1191920], [.1804375, .0721750, .9503041]])/np.array([.95047, 1, 1.08883])
    f = np.where(xyz > .008856, np.cbrt(xyz), 7.787*xyz + 16/116)
    return np.stack([116*f[..., 1] - 16, 500*(f[..., 0] - f[..., 1]), 200*(f[..., 1] - f[..., 2])], -1)


def apart(a, b): return float(np.linalg.norm(lab(a) - lab(b)))


# ---------------------------------------------------------------- paths
def draw_track(rng, motion, frames, width, height, fast):
    "Centres (F, 2) of one object; may lead anywhere"
    t, steps = np.arange(frames), frames - 1
    low, high = .28, .72
    if motion == 'still':
        return np.stack([np.full(frames, rng.uniform(.2, .8)*width), np.full(frames, rng.uniform(.2, .8)*height)], 1)
    if motion in TURNS:
        middle = np.array([(width - 1)/2, (height - 1)/2])
        far = rng.uniform(14, 26) if not fast else rng.uniform(9, min(5*steps, 60))
        start = rng.uniform(low, high)*64 if not fast else rng.uniform(.05, .95)*64
        along, across = far/steps*t, rng.uniform(-5, 5)/steps**2*2*t*(t - t[-1])
        angle = rng.uniform(-.3, .3)
        c, s = math.cos(angle), math.sin(angle)
        xy = np.stack([start + c*along - s*across, rng.uniform(low, high)*64 + s*along + c*across], 1) - 31.5
        for _ in range(TURNS[motion]): xy = np.stack([-xy[:, 1], xy[:, 0]], 1)
        return xy*(1, 1) + middle + (rng.uniform(-.5, .5)*(width - 64), rng.uniform(-.5, .5)*(height - 64))
    if motion == 'circling':
        turn = rng.uniform(math.radians(200), math.radians(320))/8*rng.choice([-1, 1])*(8/steps if not fast else rng.uniform(8/steps, 1))
        a = rng.uniform(0, 2*math.pi) + turn*t
        radius = rng.uniform(7, 11) if not fast else rng.uniform(6, 16)
        return np.stack([rng.uniform(.42, .58)*width + radius*np.cos(a), rng.uniform(.42, .58)*height + radius*np.sin(a)], 1)
    turn = math.pi*rng.uniform(1.3, 1.7)/8*(8/steps if not fast else rng.uniform(8/steps, 1))
    phase, tall = rng.uniform(0, math.pi), rng.uniform(10.5, 14) if not fast else rng.uniform(8, 24)
    drift = rng.uniform(-8, 8)/steps if not fast else rng.uniform(-24, 24)/steps
    return np.stack([rng.uniform(low, high)*width + drift*t, rng.uniform(low, high)*height + tall/3 - tall*np.abs(np.cos(phase + turn*t))], 1)


def good_track(xy, size, width, height, leave):
    "Inside the frame, or with `leave` at least partly in view in most frames"
    x, y = xy.T
    if not leave:
        r = REACH*size
        return x.min() > r - 1 and y.min() > r - 1 and x.max() < width - r and y.max() < height - r
    seen = (x > -.3*size) & (x < width - 1 + .3*size) & (y > -.3*size) & (y < height - 1 + .3*size)
    return seen[0] and seen.mean() > .6


def draw_path(rng, motion, frames, size, width, height, fast=False, leave=False):
    for attempt in range(200):
        xy = draw_track(rng, motion, frames, width, height, fast and attempt < 100)
        if good_track(xy, size, width, height, leave): return tuple(map(tuple, xy))
    return None


# ---------------------------------------------------------------- sampling
def old_gradient(rng):
    return tuple(float(g) for g in (rng.uniform(0, 2*math.pi), rng.uniform(.04, .16), *rng.uniform(-.8, .8, 2), rng.uniform(0, 2*math.pi), rng.uniform(.02, .08), *rng.uniform(-.04, .04, 3)))


HELD_OUT = frozenset({('red', 'star'), ('blue', 'triangle'), ('yellow', 'square'), ('white', 'circle')})


def pick(rng, options): return options[int(rng.integers(len(options)))]


def draw_color_shape(rng, colors):
    while True:
        pair = pick(rng, tuple(colors)), pick(rng, SHAPES)
        if pair not in HELD_OUT: return pair


def sample_scene(rng, level='wide', num_frames=9, width=64, height=64):
    "A scene; `level` is 'old' (the first world), 'near' (round about it) or 'wide'"
    while True:
        scene = draw_scene(rng, level, num_frames, width, height)
        if scene: return scene


def draw_ground(rng, level):
    if level == 'old':
        name = pick(rng, tuple(OLD_BACKGROUNDS))
        return Ground(name, tuple(c/255 for c in OLD_BACKGROUNDS[name]), old_gradient(rng))
    if level == 'near':
        name = pick(rng, tuple(OLD_BACKGROUNDS))
        rgb = tuple(c/255 for c in OLD_BACKGROUNDS[name]) if rng.random() < .5 else draw_rgb(rng, BACKGROUNDS[name])
        g = list(old_gradient(rng))
        g[1] *= rng.uniform(0, 2.5)
        return Ground(name, rgb, tuple(g) if rng.random() < .7 else ())
    name = pick(rng, tuple(BACKGROUNDS))
    rgb = draw_rgb(rng, BACKGROUNDS[name])
    g = list(old_gradient(rng))
    g[1] *= rng.uniform(0, 2)
    texture = pick(rng, ('stripes', 'dots', 'noise')) if rng.random() < .35 else 'plain'
    numbers = tuple(float(x) for x in (rng.uniform(0, math.pi), rng.uniform(5, 14), *rng.uniform(0, 64, 2), *rng.uniform(0, 2*math.pi, 8), *rng.uniform(-1.6, 1.6, 16)))
    pan = tuple(float(x) for x in rng.uniform(-1.2, 1.2, 2)) if rng.random() < .25 else (0., 0.)
    return Ground(name, rgb, tuple(g) if rng.random() < .55 else (), texture, numbers, float(rng.uniform(.12, .35)*rng.choice([-1, 1])), pan)


def draw_scene(rng, level, num_frames, width, height):
    ground = draw_ground(rng, level)
    count = 1 if level == 'old' or rng.random() < (.85 if level == 'near' else .6) else 2
    things = []
    for _ in range(count):
        colors = COLORS if level == 'wide' else OLD_COLORS
        color, shape = draw_color_shape(rng, colors)
        old_rgb = level == 'old' or (level == 'near' and rng.random() < .5)
        rgb = tuple(c/255 for c in OLD_COLORS[color]) if old_rgb else draw_rgb(rng, COLORS[color])
        motion = pick(rng, tuple(MOTIONS)[:-1]) if level != 'wide' or rng.random() < .93 else 'still'
        size = float(rng.uniform(9.5, 12) if level == 'old' else rng.uniform(6.5, 13) if level == 'near' else rng.uniform(5, 17 if count == 1 else 12))
        if count == 2 and level == 'near': size = float(rng.uniform(6, 10))
        leave = level != 'old' and rng.random() < .2
        path = draw_path(rng, motion, num_frames, size, width, height, level == 'wide' and rng.random() < .5, leave)
        if path is None: return None
        spot = level == 'old' or rng.random() < .4
        shade = .08 if level == 'old' else float(rng.uniform(0, .3)) if rng.random() < .5 else 0.
        tilt = 0. if level != 'wide' or rng.random() < .8 else float(rng.uniform(-.5, .5))
        things.append(Thing(color, rgb, shape, motion, size, path, spot, shade, tilt))
    if any(apart(t.rgb, ground.rgb) < 32 for t in things): return None
    if count == 2:
        a, b = things
        if (a.color, a.shape) == (b.color, b.shape) or (a.color == b.color and apart(a.rgb, b.rgb) < 0): return None
        gap = np.linalg.norm(np.array(a.path) - np.array(b.path), axis=1)
        if np.median(gap) < .9*(a.size + b.size) or gap[0] < .9*(a.size + b.size): return None  # they may cross, not coincide
        if a.color != b.color and apart(a.rgb, b.rgb) < 25: return None
    return Scene(tuple(things), ground, num_frames, width, height)


# ---------------------------------------------------------------- drawing
def polygon(shape):
    if shape == 'square': radii, angles = [1.]*4, np.arange(4)*90 + 45
    elif shape == 'triangle': radii, angles = [1.]*3, np.arange(3)*120 - 90
    else: radii, angles = [1., .46]*5, np.arange(10)*36 - 90
    a = np.radians(angles)
    p = np.stack([np.cos(a), np.sin(a)], 1)*np.array(radii)[:, None]
    q = np.roll(p, -1, 0)
    return p*math.sqrt(math.pi/(.5*abs((p[:, 0]*q[:, 1] - p[:, 1]*q[:, 0]).sum())))


POLYGONS = {shape: polygon(shape) for shape in SHAPES if shape != 'circle'}


def distance(shape, x, y, size):
    "Signed distance in pixels to the outline"
    if shape == 'circle': return np.hypot(x, y) - size
    p = POLYGONS[shape]*size
    e = np.roll(p, -1, 0) - p
    w = np.stack([x, y], -1)[..., None, :] - p
    h = np.clip((w*e).sum(-1)/(e*e).sum(-1), 0, 1)
    d = np.sqrt(((w - h[..., None]*e)**2).sum(-1)).min(-1)
    above, below = w[..., 1] >= 0, (w - e)[..., 1] < 0
    left = e[:, 0]*w[..., 1] - e[:, 1]*w[..., 0] > 0
    crossing = (above & below & left).sum(-1) - (~above & ~below & ~left).sum(-1)
    return np.where(crossing != 0, -d, d)


def cover(shape, path, size, height, width, tilt=0.):
    "Share of each pixel (F, H, W) that the object covers"
    out = np.zeros((len(path), height, width), np.float32)
    reach = math.ceil(REACH*size) + 2
    c, s = math.cos(tilt), math.sin(tilt)
    for one, (cx, cy) in zip(out, path):
        top, left = max(int(cy) - reach, 0), max(int(cx) - reach, 0)
        bottom, right = min(int(cy) + reach + 1, height), min(int(cx) + reach + 1, width)
        if bottom <= top or right <= left: continue
        y, x = np.mgrid[top:bottom, left:right]
        u, v = x - cx, y - cy
        if tilt: u, v = c*u - s*v, s*u + c*v
        one[top:bottom, left:right] = np.clip(.5 - distance(shape, u, v, size), 0, 1)
    return out


def draw_texture(ground, x, y):
    angle, period, ox, oy, *rest = ground.numbers
    if ground.texture == 'stripes':
        return .5 + .5*np.clip(2.5*np.sin(2*math.pi*((x + ox)*math.cos(angle) + (y + oy)*math.sin(angle))/period), -1, 1)
    if ground.texture == 'dots':
        u, v = (x + ox) % period - period/2, (y + oy) % period - period/2
        return np.clip(.5 - (np.hypot(u, v) - .27*period), 0, 1)
    phases, waves = rest[:8], np.array(rest[8:]).reshape(8, 2)
    return .5 + sum(np.sin((kx*x + ky*y)*.16 + p) for (kx, ky), p in zip(waves, phases))/8


def draw_background(scene, rgb=None):
    "(F or 1, H, W, 3), float, 0…1"
    g, h, w = scene.ground, scene.height, scene.width
    y, x = np.mgrid[:h, :w].astype(float)
    moving = g.pan != (0., 0.)
    t = np.arange(scene.num_frames if moving else 1)[:, None, None]
    x, y = x[None] + g.pan[0]*t, y[None] + g.pan[1]*t
    base = np.array(g.rgb if rgb is None else rgb)*np.ones((*x.shape, 1))
    if g.gradient:
        angle, ramp, kx, ky, phase, wave, *tint = g.gradient
        u, v = 2*x/(w - 1) - 1, 2*y/(h - 1) - 1
        slope = math.cos(angle)*u + math.sin(angle)*v
        light = ramp*slope + wave*np.cos(math.pi*(kx*u + ky*v) + phase)
        base = base*(1 + 2*(light[..., None] + slope[..., None]*np.array(tint)))
    if g.texture != 'plain':
        base = base + g.amplitude*draw_texture(g, x, y)[..., None]*(.35 + base)
    return np.clip(base, 0, 1)


def render(scene, colors=None, ground_rgb=None):
    "Frames (F, H, W, 3) uint8 and masks (things, F, H, W) float; `colors` and `ground_rgb` replace those of the scene"
    frames = np.broadcast_to(draw_background(scene, ground_rgb), (scene.num_frames, scene.height, scene.width, 3)).copy()
    masks = []
    y = np.mgrid[:scene.height, :scene.width][0]
    for i, thing in enumerate(scene.things):
        xy = np.array(thing.path)
        mask = cover(thing.shape, xy, thing.size, scene.height, scene.width, thing.tilt)[..., None]
        color = np.array(thing.rgb if colors is None else colors[i])*np.ones_like(frames)
        if thing.shade:
            light = 1.02 - thing.shade*(y - xy[:, 1, None, None] + thing.size)/(2*thing.size)
            color = np.clip(color*light[..., None], 0, 1)
        if thing.spot:
            spot = cover('circle', xy, .45*thing.size, scene.height, scene.width)[..., None]
            color = color*(1 - spot) + spot
        frames = frames*(1 - mask) + color*mask
        for k in range(len(masks)): masks[k] = masks[k]*(1 - mask[..., 0])
        masks.append(mask[..., 0])
    return np.round(frames*255).astype(np.uint8), np.stack(masks)


# ---------------------------------------------------------------- captions
def light_word(thing_or_ground):
    value, color = max(thing_or_ground.rgb), thing_or_ground.color
    if color == 'gray': return 'dark' if value < .36 else 'light' if value > .58 else ''
    if color in ('white', 'black'): return ''
    brightness = float(lab(np.array(thing_or_ground.rgb))[0])
    low, high = {'red': (45, 62), 'green': (50, 75), 'blue': (45, 66), 'purple': (45, 62), 'teal': (35, 52)}.get(color, (-1, 200))
    return 'dark' if brightness < low else 'light' if brightness > high else ''


def noun(thing, rng, drop):
    words = [light_word(thing) if rng.random() < .35 else '', thing.color if rng.random() > drop else '', thing.shape if rng.random() > drop else 'shape']
    return ' '.join(w for w in words if w)


def caption(scene, rng, drop=.12):
    "A true caption in a random style, with parts left out; 28 words at most"
    g = scene.ground
    ground = ''
    if rng.random() > drop:
        parts = [light_word(g) if rng.random() < .35 else '', TEXTURES[g.texture] if rng.random() > .25 else '', g.color]
        ground = f"on a {' '.join(p for p in parts if p)} background"
    things = list(scene.things)
    if len(things) == 2 and rng.random() < .5: things.reverse()
    if len(things) == 2 and rng.random() < .1: things = things[:1]
    said = [(noun(t, rng, drop), MOTIONS[t.motion] if rng.random() > drop else '') for t in things]
    style = int(rng.choice(4, p=[.55, .15, .15, .15]))
    article = 'the' if style == 1 else 'a'
    listed = ' and '.join(f"{'an' if article == 'a' and n[0] in 'aeiou' else article} {n}{(' is' if style == 1 and m else '')}{' ' + m if m else ''}" for n, m in said)
    if style == 2: return ' '.join(p for p in (ground and f'{ground} there is', listed) if p)
    if style == 3: return ' '.join(p for p in ('a video of', listed, ground) if p)
    return ' '.join(p for p in (listed, ground) if p)


WORDS = sorted({*COLORS, *BACKGROUNDS, *SHAPES, 'shape', 'light', 'dark', 'and', *(w for w in TEXTURES.values() if w),
                *' '.join(MOTIONS.values()).split(), *'a an the is on there of video background'.split()})
