// A mask, painted by hand over the frames of a video: white is where the video may change.
// Strokes are in pixels of the video. A frame nobody painted on shows what was painted before it.

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function slider(label, min, max, value, oninput) {
  const input = element('input', {type: 'range', min, max, step: 1, value});
  input.setAttribute('aria-label', label);
  input.addEventListener('input', () => oninput(+input.value));
  return input;
}

export default {
  render({model, el}) {
    const root = element('div', {className: 'mk'});
    const canvas = element('canvas', {className: 'mk-canvas', tabIndex: 0});
    const layer = document.createElement('canvas'), picture = new Image();
    const state = {frame: 0, radius: 8, erase: false, begun: [], stroke: null, x: 0, y: 0, keys: false};
    let past = []; // what there was before each change
    let address = '';
    canvas.setAttribute('role', 'application');
    root.dataset.lmSuppressShortcuts = 'true'; // JupyterLab has meanings for these keys, too

    const size = () => [model.get('width'), model.get('height'), model.get('frames')];
    const strokes = () => model.get('strokes');

    function keep(all) {
      model.set('strokes', all);
      model.save_changes();
      draw();
    }

    function put(all) {
      past.push(strokes());
      keep(all);
    }

    // Back to what there was, on the frame where that is seen
    function undo() {
      const now = strokes(), before = past.pop() ?? now.slice(0, -1);
      const [less, more] = [now, before].sort((a, b) => a.length - b.length);
      const changed = more.find((stroke, i) => JSON.stringify(stroke) !== JSON.stringify(less[i]));
      if (changed) state.frame = changed.frame;
      keep(before);
    }

    // ---- what is seen
    function line(context, stroke) {
      context.globalCompositeOperation = stroke.erase ? 'destination-out' : 'source-over';
      context.lineWidth = 2*stroke.radius;
      context.beginPath(); // of a line without length nothing would be drawn
      context.arc(...stroke.points[0], stroke.radius, 0, 2*Math.PI);
      context.fill();
      context.beginPath();
      context.moveTo(...stroke.points[0]);
      for (const point of stroke.points) context.lineTo(...point);
      context.stroke();
    }

    // Strokes of this frame, or of the last frame before it that has some (else of the first)
    function shown() {
      const all = state.stroke ? [...strokes(), ...state.begun, state.stroke] : strokes();
      const numbers = [...new Set(all.map(stroke => stroke.frame))].sort((a, b) => a - b);
      const at = numbers.filter(i => i <= state.frame).pop() ?? numbers[0];
      return {here: at === state.frame, found: all.filter(stroke => stroke.frame === at)};
    }

    function draw() {
      const [width, height, frames] = size(), context = canvas.getContext('2d');
      if (!width) return;
      const scale = Math.max(1, Math.floor(384/Math.max(width, height)));
      canvas.width = width*scale;
      canvas.height = height*scale;
      context.imageSmoothingEnabled = false;
      if (picture.complete && picture.naturalHeight) {
        const tall = picture.naturalHeight/frames;
        context.drawImage(picture, 0, state.frame*tall, picture.naturalWidth, tall, 0, 0, canvas.width, canvas.height);
      }
      layer.width = canvas.width;
      layer.height = canvas.height;
      const paint = layer.getContext('2d'), {here, found} = shown();
      paint.scale(scale, scale);
      paint.strokeStyle = paint.fillStyle = '#f97316';
      paint.lineCap = paint.lineJoin = 'round';
      found.forEach(stroke => line(paint, stroke));
      context.globalAlpha = here ? .6 : .3;
      context.drawImage(layer, 0, 0);
      context.globalAlpha = 1;
      if (state.keys) {
        context.lineWidth = 2;
        context.strokeStyle = '#fff';
        context.beginPath();
        context.arc(state.x*scale, state.y*scale, state.radius*scale, 0, 2*Math.PI);
        context.stroke();
      }
      tell(here ? found.length : 0);
    }

    function tell(count) {
      const [, , frames] = size();
      frame.max = frames - 1;
      frame.value = state.frame;
      number.textContent = `frame ${state.frame + 1} of ${frames}`;
      tools.erase.setAttribute('aria-pressed', state.erase);
      tools.paint.setAttribute('aria-pressed', !state.erase);
      canvas.dataset.frame = state.frame;
      canvas.setAttribute('aria-label', `Mask over frame ${state.frame + 1} of ${frames}, ${count} strokes on it. ` +
        'Arrows move the brush, Space paints, E erases or paints, Page Up and Page Down change the frame.');
    }

    function show(i) {
      state.frame = Math.max(0, Math.min(size()[2] - 1, i));
      draw();
    }

    // ---- painting
    // What is erased from a frame that nobody painted on is what it shows, so it gets strokes of its own
    function begin(x, y) {
      const {here, found} = shown(), {frame, radius, erase} = state;
      state.begun = erase && !here ? found.map(stroke => ({...stroke, frame})) : [];
      state.stroke = {frame, radius, erase, points: [[x, y]]};
    }

    function finish() {
      if (!state.stroke) return;
      const done = [...state.begun, state.stroke];
      state.stroke = null;
      put([...strokes(), ...done]);
    }

    function place(event) {
      const box = canvas.getBoundingClientRect(), [width, height] = size();
      const at = (share, n) => Math.round(10*Math.max(0, Math.min(1, share))*n)/10;
      return [at((event.clientX - box.left)/box.width, width), at((event.clientY - box.top)/box.height, height)];
    }

    canvas.addEventListener('pointerdown', event => {
      if (event.button) return; // its menu, not the brush
      canvas.setPointerCapture(event.pointerId);
      state.keys = false;
      begin(...place(event));
      draw();
    });
    canvas.addEventListener('pointermove', event => {
      if (!state.stroke || !event.buttons) return;
      state.stroke.points.push(place(event));
      draw();
    });
    canvas.addEventListener('pointerup', finish);
    canvas.addEventListener('pointercancel', finish);

    const MOVES = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const KEYS = {
      ' ': () => { begin(state.x, state.y); finish(); },
      e: () => { state.erase = !state.erase; },
      PageUp: () => show(state.frame - 1),
      PageDown: () => show(state.frame + 1),
    };
    canvas.addEventListener('keydown', event => {
      const move = MOVES[event.key], act = KEYS[event.key];
      if (!move && !act) return;
      event.preventDefault();
      event.stopPropagation();
      const [width, height] = size(), step = Math.max(1, Math.round(width/32));
      if (!state.keys && !state.x) [state.x, state.y] = [width/2, height/2];
      state.keys = true;
      if (move) {
        state.x = Math.max(0, Math.min(width, state.x + step*move[0]));
        state.y = Math.max(0, Math.min(height, state.y + step*move[1]));
      } else act();
      draw();
    });

    // ---- tools
    const tool = (text, onclick) => element('button', {type: 'button', textContent: text, onclick});
    const tools = {
      paint: tool('Paint', () => { state.erase = false; draw(); }),
      erase: tool('Erase', () => { state.erase = true; draw(); }),
      undo: tool('Undo', undo),
      clear: tool('Clear this frame', () => put(strokes().filter(stroke => stroke.frame !== state.frame))),
    };
    const frame = slider('Frame to paint on', 0, 0, 0, show);
    const radius = slider('Size of the brush', 1, 32, state.radius, value => { state.radius = value; draw(); });
    const number = element('output');
    root.append(canvas, element('div', {className: 'mk-bar'}, frame, number),
      element('div', {className: 'mk-bar'}, ...Object.values(tools), 'brush', radius));
    el.replaceChildren(root);

    // ---- the video under it
    function load() {
      URL.revokeObjectURL(address);
      const bytes = model.get('pictures');
      past = [];
      if (!bytes?.byteLength) return;
      address = URL.createObjectURL(new Blob([bytes], {type: 'image/jpeg'}));
      picture.src = address;
      radius.max = Math.max(8, Math.round(size()[0]/4));
      show(Math.min(state.frame, size()[2] - 1));
    }
    picture.addEventListener('load', draw);
    model.on('change:pictures', load);
    model.on('change:strokes', draw);
    load();
    draw();
    return () => {
      model.off('change:pictures', load);
      model.off('change:strokes', draw);
      URL.revokeObjectURL(address);
    };
  },
};
