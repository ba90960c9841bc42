// An A/B player: one video whose picture is several videos stacked on top of each other, drawn to a canvas.
// One decoder and one clock, so the videos cannot drift apart. Used as an anywidget, in a page, in a notebook's output.

const MODES = ['wipe', 'side', 'onion', 'difference'];
const TITLES = {wipe: 'Wipe', side: 'Side by side', onion: 'Onion skin', difference: 'Difference'};
const HELP = 'Space: play. Arrows: one frame. Home, End: first, last. 1 to 4: mode. Tab: next video on the right. ' +
  'Plus, minus, wheel: zoom; drag: move when zoomed; 0: fit. Pointer: wipe.';

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function button(text, title, onclick) {
  const made = element('button', {type: 'button', textContent: text, title, onclick});
  made.setAttribute('aria-label', title);
  return made;
}

// info: {names, width, height, frames, fps, scale, knob}; source: address of the stacked video; onframe(number): called when a frame is shown
export function mount(root, info, source, onframe = () => {}) {
  const {names, width, height, frames, fps, scale, knob} = info;
  const state = {frame: 0, mode: names.length > 1 ? 'wipe' : 'side', right: Math.min(1, names.length - 1),
    split: .5, zoom: 1, x: 0, y: 0, playing: false};
  const video = element('video', {muted: true, playsInline: true, preload: 'auto', src: source});
  const canvas = element('canvas', {className: 'ab-canvas', tabIndex: 0});
  canvas.setAttribute('role', 'img');
  const context = canvas.getContext('2d');
  const play = button('▶', 'Play', () => toggle());
  const back = button('◀', 'One frame back', () => show(state.frame - 1));
  const next = button('▶|', 'One frame on', () => show(state.frame + 1));
  const slider = element('input', {type: 'range', min: 0, max: frames - 1, step: 1, value: 0, className: 'ab-slider'});
  slider.setAttribute('aria-label', 'Frame');
  const number = element('output', {className: 'ab-number'});
  const modes = element('select', {title: 'How the two are compared'});
  modes.setAttribute('aria-label', 'How the two are compared');
  modes.append(...MODES.map(mode => element('option', {value: mode, textContent: TITLES[mode]})));
  const right = knob ? element('input', {type: 'range', min: 1, max: names.length - 1, step: 1, className: 'ab-knob'})
    : element('select', {title: 'Video on the right'});
  right.setAttribute('aria-label', knob || 'Video on the right');
  if (!knob) right.append(...names.slice(1).map((name, i) => element('option', {value: i + 1, textContent: name})));
  const mix = element('input', {type: 'range', min: 0, max: 1, step: .01, value: .5, className: 'ab-mix', title: 'Wipe or mix'});
  mix.setAttribute('aria-label', 'Where the wipe is, or how much of each');
  const bar = element('div', {className: 'ab-bar'}, back, play, next, slider, number);
  const setting = element('output', {className: 'ab-setting'});
  const turned = element('div', {className: 'ab-bar'}, right, setting);
  const tools = element('div', {className: 'ab-bar'}, modes, ...(knob ? [] : [right]), mix);
  const left = element('span', {className: 'ab-left', textContent: names[0]});
  const label = element('span', {className: 'ab-right'});
  const titles = element('div', {className: 'ab-titles'}, left, label);
  const help = element('p', {className: 'ab-help', textContent: HELP});
  const stage = element('div', {className: 'ab', }, titles, canvas, bar);
  if (knob) stage.append(turned);
  if (names.length > 1) stage.append(tools);
  stage.append(help);
  stage.dataset.lmSuppressShortcuts = 'true'; // JupyterLab has meanings for these keys, too
  root.replaceChildren(stage);

  // ---- drawing
  const wide = () => state.mode === 'side' && names.length > 1;

  function size() {
    canvas.width = wide() ? 2*width + 2 : width;
    canvas.height = height;
    canvas.style.width = titles.style.maxWidth = `${canvas.width*scale}px`;
  }

  // One of the stacked videos, the part that the zoom shows, at `at` of the canvas; `from`, `to`: shares of the width
  function part(row, at = 0, from = 0, to = 1) {
    const w = width/state.zoom, h = height/state.zoom;
    if (to <= from) return;
    context.drawImage(video, state.x + from*w, row*height + state.y, (to - from)*w, h, at + from*width, 0, (to - from)*width, height);
  }

  const DRAW = {
    wipe() {
      part(state.right);
      part(0, 0, 0, state.split);
      context.fillStyle = '#fff';
      context.fillRect(state.split*width - 1/scale, 0, 2/scale, height);
    },
    side() {
      part(0);
      if (names.length > 1) part(state.right, width + 2);
    },
    onion() {
      part(state.right);
      context.globalAlpha = 1 - state.split;
      part(0);
    },
    difference() {
      part(state.right);
      context.globalCompositeOperation = 'difference';
      part(0);
    },
  };

  // True if there was a frame to draw; while the browser looks for one, the last one stays
  function draw() {
    if (video.readyState < 2) return false;
    context.globalAlpha = 1;
    context.globalCompositeOperation = 'source-over';
    context.imageSmoothingEnabled = state.zoom < 2;
    context.clearRect(0, 0, canvas.width, canvas.height);
    DRAW[state.mode]();
    return true;
  }

  function tell() {
    number.textContent = `${state.frame + 1} / ${frames}`;
    slider.value = state.frame;
    slider.setAttribute('aria-valuetext', `frame ${state.frame + 1} of ${frames}`);
    play.textContent = state.playing ? '❚❚' : '▶';
    play.setAttribute('aria-label', state.playing ? 'Pause' : 'Play');
    modes.value = state.mode;
    right.value = state.right;
    setting.textContent = names[state.right];
    if (knob) right.setAttribute('aria-valuetext', names[state.right]);
    mix.value = state.split;
    mix.disabled = !['wipe', 'onion'].includes(state.mode);
    label.textContent = names.length > 1 ? names[state.right] : '';
    const shown = names.length > 1 ? `${names[0]} and ${names[state.right]}, ${TITLES[state.mode].toLowerCase()}` : names[0];
    canvas.setAttribute('aria-label', `${shown}, frame ${state.frame + 1} of ${frames}`);
  }

  function redraw() {
    tell();
    return draw();
  }

  // ---- time
  let wanted = null;

  function show(frame) {
    pause();
    state.frame = Math.max(0, Math.min(frames - 1, Math.round(frame)));
    if (video.seeking) wanted = state.frame;
    else seek(state.frame);
    tell();
    onframe(state.frame);
  }

  function seek(frame) {
    video.currentTime = (frame + .5)/fps; // the middle of a frame: no rounding leads to another
  }

  function arrived() {
    const waiting = wanted;
    wanted = null;
    if (waiting !== null) seek(waiting);
    else if (tells) paint();
    else presented();
  }

  // `seeked` may come before the new frame is there to be drawn, or after: what is shown is the frame that the browser presents
  const tells = 'requestVideoFrameCallback' in video;
  let latest = 0;

  function paint() {
    if (redraw()) stage.dataset.shown = String(latest);
  }

  function presented(_, {mediaTime} = {mediaTime: Math.floor(video.currentTime*fps + 1e-3)/fps}) {
    latest = Math.min(frames - 1, Math.round(mediaTime*fps));
    if (!root.isConnected) pause();
    if (state.playing && latest !== state.frame) {
      state.frame = latest;
      onframe(latest);
    }
    paint();
    watch();
  }

  function watch() {
    if (tells) video.requestVideoFrameCallback(presented);
    else if (state.playing) requestAnimationFrame(time => presented(time));
  }

  function pause() {
    state.playing = false;
    video.loop = false; // a video that loops shows the first frame in place of the last
    video.pause();
  }

  function toggle() {
    if (state.playing) {
      pause();
      show(state.frame);
      return;
    }
    state.playing = true;
    video.loop = true;
    video.play().then(() => tells || watch(), pause).finally(tell);
  }

  // ---- what is compared
  function setMode(mode) {
    state.mode = mode;
    size();
    redraw();
  }

  function setRight(row) {
    state.right = row;
    redraw();
  }

  function zoom(factor, cx = .5, cy = .5) {
    const before = state.zoom;
    state.zoom = Math.max(1, Math.min(16, before*factor));
    const grown = 1/before - 1/state.zoom;
    move(cx*width*grown, cy*height*grown);
  }

  function move(dx, dy) {
    const room = 1 - 1/state.zoom;
    state.x = Math.max(0, Math.min(room*width, state.x + dx));
    state.y = Math.max(0, Math.min(room*height, state.y + dy));
    redraw();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const across = (event.clientX - box.left)/box.width;
    return {x: wide() ? (across*2) % 1 : across, y: (event.clientY - box.top)/box.height, scale: width/box.width};
  }

  function wipe(event) {
    if (state.mode !== 'wipe') return;
    state.split = Math.max(0, Math.min(1, place(event).x));
    redraw();
  }

  canvas.addEventListener('pointermove', event => {
    if (event.buttons && state.zoom > 1) {
      const scale = place(event).scale/state.zoom;
      move(-event.movementX*scale, -event.movementY*scale);
    } else wipe(event);
  });
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    if (state.zoom === 1) wipe(event); // a finger does not come from anywhere
  });
  canvas.addEventListener('wheel', event => {
    if (document.activeElement !== canvas) return; // a page that is scrolled past stays what it is
    event.preventDefault();
    const at = place(event);
    zoom(event.deltaY < 0 ? 1.25 : .8, at.x, at.y);
  }, {passive: false});

  const KEYS = {
    ' ': toggle, ArrowLeft: () => show(state.frame - 1), ArrowRight: () => show(state.frame + 1),
    Home: () => show(0), End: () => show(frames - 1),
    '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(.8), '0': () => zoom(1/16),
  };
  if (names.length > 1) MODES.forEach((mode, i) => KEYS[i + 1] = () => setMode(mode));

  canvas.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = state.right >= names.length - 1;
    if (event.key === 'Tab' && !event.shiftKey && !last) { // after the last one Tab leaves the player, as everywhere
      event.preventDefault();
      setRight(state.right + 1);
    } else if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
  slider.addEventListener('input', () => show(+slider.value));
  modes.addEventListener('change', () => setMode(modes.value));
  right.addEventListener('input', () => setRight(+right.value));
  mix.addEventListener('input', () => { state.split = +mix.value; redraw(); });
  video.addEventListener('seeked', arrived);
  video.addEventListener('loadeddata', () => show(state.frame));
  video.addEventListener('error', () => { help.textContent = 'This browser cannot play the video (H.264).'; });
  size();
  tell();
  if (tells) watch();
  return {show, setMode, setRight, state, dispose: () => { pause(); video.removeAttribute('src'); video.load(); }};
}

// ---- as an anywidget: `video` holds the bytes, `info` what is in them, `frame` goes both ways
export default {
  render({model, el}) {
    const bytes = model.get('video');
    const address = URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'}));
    const player = mount(el, model.get('info'), address, frame => {
      if (model.get('frame') === frame) return;
      model.set('frame', frame);
      model.save_changes();
    });
    const follow = () => { if (model.get('frame') !== player.state.frame) player.show(model.get('frame')); };
    model.on('change:frame', follow);
    return () => {
      model.off('change:frame', follow);
      player.dispose();
      URL.revokeObjectURL(address);
    };
  },
};
