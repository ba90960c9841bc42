"Text-guided video editing that keeps the source's structure: DDIM inversion and prompted reconstruction on CogVideoX"
__version__ = "0.2.0"

from importlib import import_module
from typing import TYPE_CHECKING

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
if TYPE_CHECKING: # editors and type checkers find the same names here
    from .settings import EditError
    from .loading import load_pipeline
    from .random_models import random_pipeline
    from .video import Video, read_video, sample
    from .schedulers import CogVideoXDDIMInverseScheduler
    from .inversion import Inversion, ddim_inversion, invert
    from .inversion_settings import InversionSettings
    from .attention import CogVideoXAttnProcessor2_0ForDDIMInversion, OverrideAttnProcessors
    from .compatibility import enable_context_parallel
    from .injection import Injection
    from .reference import injected
    from .masks import difference_mask
    from .presets import PRESETS, EditSettings, Preset
    from .edits import Edit
    from .reconstruction import edit
    from .trust import round_trip
    from .words import word_mask
    from .maps import word_maps
    from .export import export_edit, export_video
    from .metrics import score_video

_home = {name: module for module, names in _homes.items() for name in names}
__all__ = sorted(_home)

def __getattr__(name):
    if name in _home: return getattr(import_module(f'{__name__}.{_home[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

def __dir__():
    return sorted([*globals(), *__all__])
