"Text-guided video editing that keeps the source's structure: DDIM inversion and prompted reconstruction on CogVideoX"
__version__ = "0.2.0"

from importlib import import_module

# Where the public names live. They are imported when first asked for, so that
# `import cogvideo_ddim_edit` and the command line's help stay light.
_homes = {
    'settings': ['EditError'],
    'loading': ['load_pipeline'],
    'random_models': ['random_pipeline'],
    'video': ['Video', 'read_video', 'sample'],
    'schedulers': ['CogVideoXDDIMInverseScheduler'],
    'inversion': ['Inversion', 'ddim_inversion', 'invert'],
    'inversion_settings': ['InversionSettings'],
    'attention': ['CogVideoXAttnProcessor2_0ForDDIMInversion', 'OverrideAttnProcessors'],
    'compatibility': ['enable_context_parallel'],
    'injection': ['Injection'],
    'reference': ['injected'],
    'masks': ['difference_mask'],
    'presets': ['PRESETS', 'EditSettings', 'Preset'],
    'edits': ['Edit'],
    'reconstruction': ['edit'],
    'trust': ['round_trip'],
    'words': ['word_mask'],
    'maps': ['word_maps'],
    'export': ['export_edit', 'export_video'],
    'metrics': ['score_video'],
}
_home = {name: module for module, names in _homes.items() for name in names}
__all__ = sorted(_home)

def __getattr__(name):
    if name in _home: return getattr(import_module(f'{__name__}.{_home[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

def __dir__():
    return sorted([*globals(), *__all__])
