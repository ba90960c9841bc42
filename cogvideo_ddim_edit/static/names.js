// Gives the handles of sliders a name that a screen reader can say: ipywidgets gives them none.
const ENDS = ['from', 'to'];

function give(lab) {
  for (const slider of lab.querySelectorAll('.widget-slider')) {
    const name = slider.querySelector('.widget-label')?.textContent ?? '';
    const handles = slider.querySelectorAll('.noUi-handle');
    handles.forEach((handle, i) => handle.setAttribute('aria-label', handles.length > 1 ? `${name} ${ENDS[i]}` : name));
    const number = slider.querySelector('.widget-readout');
    number?.setAttribute('role', 'textbox');
    number?.setAttribute('aria-label', name);
  }
}

export default {
  render({el}) {
    const observer = new MutationObserver(() => {
      const lab = el.closest('.lab');
      if (lab) give(lab); // it may have left the page
    });
    const begin = () => {
      const lab = el.closest('.lab');
      if (!lab) return requestAnimationFrame(begin); // not on the page yet
      give(lab);
      observer.observe(lab, {childList: true, subtree: true});
    };
    el.style.display = 'none';
    begin();
    return () => observer.disconnect();
  },
};
