// A button that puts a text on the clipboard.
export default {
  render({model, el}) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy-button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(model.get('text'));
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Select the text and copy it';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    el.append(button);
  },
};
