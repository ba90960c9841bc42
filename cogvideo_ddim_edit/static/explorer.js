// What an edit reads: one state (steps, blocks, frame, place, word) links the video, the maps and the schedule.
// All maps come with the page, rounded to bytes; nothing here runs a model. Used as an anywidget and in a page.

const SHOWN = {reads: 'What the place reads', word: 'Where the word acts', source: 'Where the source is read', none: 'Video only'};
const HELP = 'Picture: click a place, or arrows; [ and ]: one frame; Space: play; W: next word; 1 to 4: what is shown. ' +
  'Matrix: drag over steps and blocks, or arrows (with Shift: more); A: all of them.';
const VIRIDIS = ['440154', '482878', '3e4989', '31688e', '26828e', '1f9e89', '35b779', '6ece58', 'b5de2b', 'fde725'];
const MAGMA = ['000004', '180f3d', '440f76', '721f81', '9e2f7f', 'cd4071', 'f1605d', 'fd9668', 'feca8d', 'fcfdbf'];
const CIVIDIS = ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'];
const LEVELS = Float32Array.from({length: 256}, (_, i) => (i/255)**2); // small numbers are kept more finely

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function named(made, name, role = '') {
  made.setAttribute('aria-label', name);
  if (role) made.setAttribute('role', role);
  return made;
}

function button(text, title, onclick) {
  return named(element('button', {type: 'button', textContent: text, title, onclick}), title);
}

function choice(title, names, onchange) {
  const made = named(element('select', {title, onchange: () => onchange(+made.value)}), title);
  made.append(...names.map((name, value) => element('option', {value, textContent: name})));
  return made;
}

const clamp = (x, low, high) => Math.max(low, Math.min(high, Math.round(x)));
const percent = x => `${(100*x).toFixed(x < .0995 ? 1 : 0)} %`;

// A list of colours as 256 × (red, green, blue)
function table(colors) {
  const anchors = colors.map(color => [0, 2, 4].map(i => parseInt(color.slice(i, i + 2), 16)));
  return Array.from({length: 256}, (_, i) => {
    const place = i/255*(anchors.length - 1), low = Math.min(anchors.length - 2, Math.floor(place));
    return anchors[low].map((a, k) => a + (anchors[low + 1][k] - a)*(place - low));
  });
}

const TABLES = {viridis: table(VIRIDIS), magma: table(MAGMA), cividis: table(CIVIDIS)};
const gradient = colors => `linear-gradient(to right, ${colors.map(color => `#${color}`).join(', ')})`;

// info: what `Explorer.info` says; maps: bytes; sheets: addresses of the frames of edit and source; onstate(state): after a change
export function mount(root, info, maps, sheets, onstate = () => {}) {
  const {words, timesteps, blocks, cells, patches, frames, fps, width, height, columns} = info;
  const [steps, depth] = [timesteps.length, blocks.length];
  const latents = cells[0], [tall, wide] = info.tokens;
  const size = cells[0]*cells[1]*cells[2], places = patches[0]*patches[1]*patches[2];
  const state = {steps: [0, steps - 1], blocks: [0, depth - 1], frame: info.first[info.start[0]], pixel: info.start.slice(1),
    word: info.word, shown: 'reads', matrix: 0};
  const loaded = {}, gray = {};
  let playing = 0;

  // ---- what can be clicked
  const picture = named(element('canvas', {className: 'ex-picture', tabIndex: 0}), '', 'img');
  const matrix = named(element('canvas', {className: 'ex-matrix', tabIndex: 0}), '', 'img');
  const strips = {reads: element('canvas', {className: 'ex-strip'}), word: element('canvas', {className: 'ex-strip'}),
    source: element('canvas', {className: 'ex-strip'})};
  const scales = Object.fromEntries(['matrix', ...Object.keys(strips)].map(name => [name, element('span', {className: 'ex-scale'})]));
  const slider = named(element('input', {type: 'range', min: 0, max: frames - 1, step: 1, className: 'ex-slider'}), 'Frame');
  const number = element('output', {className: 'ex-number'});
  const play = button('▶', 'Play', () => toggle());
  const shown = choice('What is shown over the video', Object.values(SHOWN), i => set({shown: Object.keys(SHOWN)[i]}));
  const kind = choice('What the matrix shows', ['share of the source', 'share of the word'], i => set({matrix: i}));
  const ends = {
    steps: ['First step', 'Last step'].map((title, i) => choice(title, timesteps.map(t => `t = ${t}`), value => end('steps', i, value))),
    blocks: ['First block', 'Last block'].map((title, i) => choice(title, blocks.map(n => `block ${n}`), value => end('blocks', i, value))),
  };
  const all = button('All', 'All steps and blocks', () => set({steps: [0, steps - 1], blocks: [0, depth - 1]}));
  const chosen = words.map((word, i) => {
    const made = element('button', {type: 'button', textContent: word, dir: 'auto', onclick: () => set({word: i, shown: state.shown === 'reads' ? 'word' : state.shown})});
    if (info.changed[i]) made.classList.add('ex-changed');
    return made;
  });
  const reading = element('p', {className: 'ex-reading'});
  const selection = element('p', {className: 'ex-selection'});
  reading.setAttribute('aria-live', 'polite');
  selection.setAttribute('aria-live', 'polite');
  const stage = element('div', {className: 'ex'},
    named(element('div', {className: 'ex-words'}, element('span', {textContent: 'Word: '}), ...chosen), 'Word', 'group'),
    element('div', {className: 'ex-titles'}, element('span', {textContent: 'edit'}), element('span', {textContent: 'source'})),
    picture,
    element('div', {className: 'ex-bar'}, play, slider, number, shown),
    reading,
    element('div', {className: 'ex-columns'},
      element('div', {}, element('div', {className: 'ex-bar'}, kind, scales.matrix), matrix),
      element('div', {className: 'ex-side'}, selection,
        element('div', {className: 'ex-bar'}, element('span', {textContent: 'Steps'}), ...ends.steps),
        element('div', {className: 'ex-bar'}, element('span', {textContent: 'Blocks'}), ...ends.blocks),
        element('div', {className: 'ex-bar'}, all))),
    ...Object.keys(strips).map(name => element('figure', {className: `ex-figure ex-${name}`},
      element('figcaption', {}, element('span', {className: 'ex-caption'}), scales[name]), named(strips[name], '', 'img'))),
    element('p', {className: 'ex-help', textContent: HELP}),
    element('p', {className: 'ex-help', textContent: info.note}));
  stage.dataset.lmSuppressShortcuts = 'true'; // JupyterLab has meanings for these keys, too
  root.replaceChildren(stage);
  const caption = name => stage.querySelector(`.ex-${name} .ex-caption`);

  // ---- numbers
  // The mean of a part of the maps over the brushed steps and blocks
  function mean(part, start, count) {
    const {offset, length, highest} = info.parts[part], out = new Float32Array(count);
    const [s0, s1] = state.steps, [b0, b1] = state.blocks;
    for (let s = s0; s <= s1; s++) for (let b = b0; b <= b1; b++) {
      const from = offset + (s*depth + b)*length + start;
      for (let i = 0; i < count; i++) out[i] += LEVELS[maps[from + i]];
    }
    const times = highest/((s1 - s0 + 1)*(b1 - b0 + 1));
    for (let i = 0; i < count; i++) out[i] *= times;
    return out;
  }

  const latent = () => info.latent[state.frame];
  const patch = () => (latent()*patches[1] + Math.floor(state.pixel[0]/info.side))*patches[2] + Math.floor(state.pixel[1]/info.side);
  const wordMap = (word = state.word) => mean('words', word*size, size);
  const sourceMap = () => mean('source', 0, size);
  const endsOf = field => {
    const [low, high] = [field.reduce((a, b) => Math.min(a, b)), field.reduce((a, b) => Math.max(a, b))];
    return [low, Math.max(high, low + 1e-6)];
  };
  const total = field => field.reduce((a, b) => a + b, 0);

  // What the chosen place reads: of each patch of the edit and of the source
  function row() {
    const both = mean('rows', patch()*2*places, 2*places);
    return {edit: both.subarray(0, places), source: both.subarray(places)};
  }

  // The same of each word, from the maps of the words
  function wordsRead() {
    const [y, x] = state.pixel.map(i => Math.floor(i/info.cell));
    const at = (latent()*cells[1] + y)*cells[2] + x;
    return words.map((_, word) => mean('words', word*size + at, 1)[0]);
  }

  const tableOf = () => state.matrix ? info.tables.words[state.word] : info.tables.source;

  function brushed(values) {
    let sum = 0;
    const [s0, s1] = state.steps, [b0, b1] = state.blocks;
    for (let s = s0; s <= s1; s++) for (let b = b0; b <= b1; b++) sum += values[s][b];
    return sum/((s1 - s0 + 1)*(b1 - b0 + 1));
  }

  // ---- drawing
  const paper = element('canvas');

  // Numbers on a grid of one frame, over a rectangle; `share`: how much wider and taller the grid is than the frame
  function heat(context, field, shape, frame, box, colors, [low, high], share) {
    const [, rows, columns] = shape, pixels = paper.getContext('2d', {willReadFrequently: true});
    [paper.width, paper.height] = [columns, rows];
    const image = pixels.createImageData(columns, rows);
    for (let i = 0; i < rows*columns; i++) {
      const level = clamp(255*(field[frame*rows*columns + i] - low)/(high - low), 0, 255);
      image.data.set(colors[level], 4*i);
      image.data[4*i + 3] = 165;
    }
    pixels.putImageData(image, 0, 0);
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    context.imageSmoothingEnabled = false;
    context.drawImage(paper, box[0], box[1], box[2]*share[0], box[3]*share[1]);
    context.restore();
  }

  function frame(context, which, i, box, colorless) {
    const sheet = (colorless ? gray : loaded)[which];
    if (!sheet) return;
    context.imageSmoothingEnabled = box[2] < width;
    context.drawImage(sheet, (i % columns)*width, Math.floor(i/columns)*height, width, height, ...box);
  }

  const sharesOf = (shape, side) => [shape[2]*side/wide, shape[1]*side/tall];
  const patchShare = sharesOf(patches, info.side), cellShare = sharesOf(cells, info.cell);
  const zoom = Math.max(1, Math.floor(320/width));
  const [panelWidth, panelHeight, gap] = [width*zoom, height*zoom, 4];

  function dot(context, box) {
    const middle = i => (Math.floor(state.pixel[i]/info.side) + .5)*info.side; // of the square that is read for the place
    const x = box[0] + middle(1)/wide*box[2], y = box[1] + middle(0)/tall*box[3];
    for (const [color, line] of [['#000', 4], ['#fff', 2]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.beginPath();
      context.arc(x, y, Math.max(4, box[2]/40), 0, 7);
      context.stroke();
    }
  }

  function drawPicture(now) {
    [picture.width, picture.height] = [2*panelWidth + gap, panelHeight];
    const context = picture.getContext('2d'), colorless = state.shown !== 'none';
    ['edit', 'source'].forEach((which, i) => {
      const box = [i*(panelWidth + gap), 0, panelWidth, panelHeight];
      frame(context, which, state.frame, box, colorless);
      if (state.shown === 'reads') heat(context, now.row[which], patches, latent(), box, TABLES.viridis, now.range.reads, patchShare);
      else if (state.shown === 'word' && !i) heat(context, now.word, cells, latent(), box, TABLES.magma, now.range.word, cellShare);
      else if (state.shown === 'source' && !i) heat(context, now.source, cells, latent(), box, TABLES.cividis, now.range.source, cellShare);
      if (!i) dot(context, box);
    });
  }

  function drawStrip(name, rows, range, colors, shape, share) {
    const canvas = strips[name], w = Math.max(48, Math.min(150, Math.floor(760/latents) - 2)), h = Math.round(w*height/width);
    [canvas.width, canvas.height] = [latents*(w + 2) - 2, rows.length*(h + 2) - 2];
    const context = canvas.getContext('2d');
    rows.forEach(([which, field], line) => {
      for (let i = 0; i < latents; i++) {
        const box = [i*(w + 2), line*(h + 2), w, h];
        frame(context, which, info.first[i], box, true);
        heat(context, field, shape, i, box, colors, range, share);
        if (i !== latent()) continue;
        if (!line) dot(context, box);
        context.strokeStyle = '#fff';
        context.lineWidth = 2;
        context.strokeRect(box[0] + 1, box[1] + 1, w - 2, h - 2);
      }
    });
  }

  const margin = {left: 30, bottom: 34}, side = clamp(300/Math.max(steps, depth), 8, 26);

  function drawMatrix() {
    const values = tableOf(), highest = Math.max(1e-6, ...values.flat());
    [matrix.width, matrix.height] = [Math.max(170, margin.left + steps*side + 2), depth*side + margin.bottom];
    const context = matrix.getContext('2d'), ink = getComputedStyle(stage).color;
    for (let s = 0; s < steps; s++) for (let b = 0; b < depth; b++) {
      context.fillStyle = `rgb(${TABLES.cividis[clamp(255*values[s][b]/highest, 0, 255)].map(Math.round).join(' ')})`;
      context.fillRect(margin.left + s*side, (depth - 1 - b)*side, side - 1, side - 1);
    }
    context.fillStyle = ink;
    context.font = '11px system-ui, sans-serif';
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const every = Math.ceil(14/side), apart = Math.ceil(34/side);
    blocks.forEach((n, b) => { if (b % every === 0) context.fillText(n, margin.left - 4, (depth - b - .5)*side); });
    context.textAlign = 'center';
    timesteps.forEach((t, s) => { if (s % apart === 0) context.fillText(t, Math.max(margin.left + 8, margin.left + (s + .5)*side), depth*side + 8); });
    context.textAlign = 'left';
    context.fillText('timestep: noise → clean', margin.left, depth*side + 24);
    const [s0, s1] = state.steps, [b0, b1] = state.blocks;
    for (const [color, line] of [['#000', 4], ['#fff', 2]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.strokeRect(margin.left + s0*side, (depth - 1 - b1)*side, (s1 - s0 + 1)*side - 1, (b1 - b0 + 1)*side - 1);
    }
    return highest;
  }

  const span = (list, [from, to]) => from === to ? `${list[from]}` : `${list[from]} to ${list[to]}`;

  function say(now, highest) {
    const place = `row ${state.pixel[0] + 1}, column ${state.pixel[1] + 1}`;
    number.textContent = `${state.frame + 1} / ${frames}`;
    slider.value = state.frame;
    slider.setAttribute('aria-valuetext', `frame ${state.frame + 1} of ${frames}`);
    const most = now.words.map((share, i) => [share, words[i]]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    const sentence = `Frame ${state.frame + 1}, ${place} reads ${percent(total(now.row.edit))} from the edit's frames and ` +
      `${percent(total(now.row.source))} from the source's; of the text most from ` +
      most.map(([share, word]) => `\u2068${word}\u2069 ${percent(share)}`).join(', ') + '.';
    if (!playing) reading.textContent = sentence;
    const whole = brushed(info.tables.source), ofWord = brushed(info.tables.words[state.word]);
    selection.textContent = `Timesteps ${span(timesteps, state.steps)}, blocks ${span(blocks, state.blocks)}: ` +
      `${percent(whole)} of what the video reads is the source, ${percent(ofWord)} is \u2068${words[state.word]}\u2069.`;
    picture.setAttribute('aria-label', `Edit and source, frame ${state.frame + 1} of ${frames}, ${place}; ${SHOWN[state.shown].toLowerCase()}`);
    matrix.setAttribute('aria-label', `Share of ${state.matrix ? words[state.word] : 'the source'} by step and block, up to ${percent(highest)}; ` +
      `chosen: timesteps ${span(timesteps, state.steps)}, blocks ${span(blocks, state.blocks)}`);
    const captions = {reads: `What ${place} of frame ${state.frame + 1} reads: edit above, source below`,
      word: `Where \u2068${words[state.word]}\u2069 acts`, source: 'Where the edit reads the source'};
    for (const name of Object.keys(strips)) {
      caption(name).textContent = captions[name];
      strips[name].setAttribute('aria-label', `${captions[name]}, one picture for each latent frame`);
      scales[name].textContent = now.range[name].map(percent).join(' to ');
    }
    scales.matrix.textContent = `0 to ${percent(highest)}`;
    chosen.forEach((made, i) => made.setAttribute('aria-pressed', i === state.word));
    shown.value = Object.keys(SHOWN).indexOf(state.shown);
    kind.value = state.matrix;
    for (const name of ['steps', 'blocks']) ends[name].forEach((made, i) => { made.value = state[name][i]; });
    play.textContent = playing ? '❚❚' : '▶';
    named(play, playing ? 'Pause' : 'Play');
  }

  function draw() {
    const now = {row: row(), word: wordMap(), source: sourceMap(), words: wordsRead()};
    const [editRange, sourceRange] = [endsOf(now.row.edit), endsOf(now.row.source)];
    now.range = {reads: [0, Math.max(editRange[1], sourceRange[1])], word: endsOf(now.word), source: endsOf(now.source)};
    drawPicture(now);
    drawStrip('reads', [['edit', now.row.edit], ['source', now.row.source]], now.range.reads, TABLES.viridis, patches, patchShare);
    drawStrip('word', [['edit', now.word]], now.range.word, TABLES.magma, cells, cellShare);
    drawStrip('source', [['edit', now.source]], now.range.source, TABLES.cividis, cells, cellShare);
    say(now, drawMatrix());
  }

  // ---- one state
  function pair(value, count) {
    const [a, b] = value.map(i => clamp(i, 0, count - 1));
    return a <= b ? [a, b] : [b, a];
  }

  // Take over what is given, draw, and say it to `onstate`; what is out of bounds is moved to the edge
  function set(changes) {
    const next = {...state, ...changes};
    state.steps = pair(next.steps, steps);
    state.blocks = pair(next.blocks, depth);
    state.frame = clamp(next.frame, 0, frames - 1);
    state.pixel = [clamp(next.pixel[0], 0, tall - 1), clamp(next.pixel[1], 0, wide - 1)];
    state.word = clamp(next.word, 0, words.length - 1);
    state.shown = SHOWN[next.shown] ? next.shown : state.shown;
    state.matrix = next.matrix ? 1 : 0;
    const start = performance.now();
    draw();
    stage.dataset.milliseconds = (performance.now() - start).toFixed(1);
    onstate(state);
  }

  function end(name, i, value) {
    const next = [...state[name]];
    next[i] = value;
    if (next[0] > next[1]) next[1 - i] = value;
    set({[name]: next});
  }

  function toggle() {
    if (playing) clearInterval(playing);
    playing = playing ? 0 : setInterval(() => {
      if (!root.isConnected) return clearInterval(playing);
      set({frame: (state.frame + 1) % frames});
    }, 1000/fps);
    set({});
  }

  // ---- pointer and keys
  function pick(event) {
    const box = picture.getBoundingClientRect();
    const x = (event.clientX - box.left)/box.width*(2*panelWidth + gap), y = (event.clientY - box.top)/box.height;
    const across = x > panelWidth ? x - panelWidth - gap : x;
    set({pixel: [Math.floor(y*tall), Math.floor(across/panelWidth*wide)].map((i, k) => clamp(i, 0, [tall, wide][k] - 1)), shown: 'reads'});
  }

  let from = null;

  function cell(event) {
    const box = matrix.getBoundingClientRect(), scale = matrix.width/box.width;
    return [clamp(Math.floor(((event.clientX - box.left)*scale - margin.left)/side), 0, steps - 1),
      clamp(depth - 1 - Math.floor((event.clientY - box.top)*scale/side), 0, depth - 1)];
  }

  const brush = to => set({steps: [from[0], to[0]], blocks: [from[1], to[1]]});
  picture.addEventListener('click', pick);
  matrix.addEventListener('pointerdown', event => {
    matrix.setPointerCapture(event.pointerId);
    from = cell(event);
    brush(from);
  });
  matrix.addEventListener('pointermove', event => { if (from && event.buttons) brush(cell(event)); });
  matrix.addEventListener('pointerup', () => { from = null; });
  for (const canvas of Object.values(strips)) canvas.addEventListener('click', event => {
    const box = canvas.getBoundingClientRect();
    set({frame: info.first[clamp(Math.floor((event.clientX - box.left)/box.width*latents), 0, latents - 1)]});
  });
  slider.addEventListener('input', () => set({frame: +slider.value}));

  const go = (dy, dx) => () => set({pixel: [state.pixel[0] + dy*info.side, state.pixel[1] + dx*info.side], shown: 'reads'});
  const KEYS = {ArrowUp: go(-1, 0), ArrowDown: go(1, 0), ArrowLeft: go(0, -1), ArrowRight: go(0, 1), ' ': toggle,
    '[': () => set({frame: state.frame - 1}), ']': () => set({frame: state.frame + 1}),
    w: () => set({word: (state.word + 1) % words.length, shown: 'word'})};
  Object.keys(SHOWN).forEach((name, i) => { KEYS[i + 1] = () => set({shown: name}); });

  const shift = (range, by, count, longer) => {
    const first = longer ? range[0] : clamp(range[0] + by, 0, count - 1 - (range[1] - range[0]));
    const last = longer ? clamp(range[1] + by, first, count - 1) : first + range[1] - range[0];
    return [first, last];
  };
  const AXES = {ArrowLeft: ['steps', -1, steps], ArrowRight: ['steps', 1, steps], ArrowDown: ['blocks', -1, depth], ArrowUp: ['blocks', 1, depth]};

  function press(event, act) {
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  picture.addEventListener('keydown', event => press(event, KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]));
  matrix.addEventListener('keydown', event => {
    const axis = AXES[event.key];
    if (event.key.toLowerCase() === 'a') press(event, all.onclick);
    else if (axis) press(event, () => set({[axis[0]]: shift(state[axis[0]], axis[1], axis[2], event.shiftKey)}));
  });

  // ---- the frames, in colour and without
  function load(which) {
    const image = new Image();
    image.onload = () => {
      const canvas = element('canvas', {width: image.width, height: image.height}), context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      context.globalCompositeOperation = 'saturation';
      context.fillStyle = '#808080';
      context.fillRect(0, 0, image.width, image.height);
      [loaded[which], gray[which]] = [image, canvas];
      draw();
      stage.dataset.loaded = Object.keys(loaded).length;
    };
    image.src = sheets[which];
  }

  scales.reads.style.setProperty('--colors', gradient(VIRIDIS));
  scales.word.style.setProperty('--colors', gradient(MAGMA));
  for (const name of ['source', 'matrix']) scales[name].style.setProperty('--colors', gradient(CIVIDIS));
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', draw);
  const theme = new MutationObserver(draw); // JupyterLab has a theme of its own
  theme.observe(document.body, {attributes: true, attributeFilter: ['data-jp-theme-light']});
  ['edit', 'source'].forEach(load);
  draw();
  return {set, state, row, wordMap, sourceMap, dispose: () => { clearInterval(playing); dark.removeEventListener('change', draw); theme.disconnect(); }};
}

// What zlib packed
export async function unpack(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// ---- as an anywidget: `maps`, `edit` and `source` hold bytes, `info` what is in them; the state goes both ways
const NAMES = ['steps', 'blocks', 'frame', 'pixel', 'word'];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export default {
  async render({model, el}) {
    const info = model.get('info'), maps = await unpack(model.get('maps'));
    const kind = `image/${info.format}`;
    const sheets = Object.fromEntries(['edit', 'source'].map(name =>
      [name, URL.createObjectURL(new Blob([model.get(name)], {type: kind}))]));
    const value = (state, name) => name === 'word' ? info.words[state.word] : state[name];
    const explorer = mount(el, info, maps, sheets, state => {
      const differing = NAMES.filter(name => !same(model.get(name), value(state, name)));
      differing.forEach(name => model.set(name, value(state, name)));
      if (differing.length) model.save_changes();
    });
    const follow = NAMES.map(name => [`change:${name}`, () => {
      const wanted = model.get(name), now = value(explorer.state, name);
      if (!same(wanted, now)) explorer.set({[name]: name === 'word' ? info.words.indexOf(wanted) : wanted});
    }]);
    follow.forEach(([event, act]) => model.on(event, act));
    follow.forEach(([, act]) => act());
    return () => {
      follow.forEach(([event, act]) => model.off(event, act));
      explorer.dispose();
      Object.values(sheets).forEach(URL.revokeObjectURL);
    };
  },
};
