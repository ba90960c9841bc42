"Text-guided video editing that keeps the source's structure: DDIM inversion and prompted reconstruction on CogVideoX"
__version__ = "0.1.0"

from importlib import import_module

# Where the public names live. They are imported when first asked for, so that `import cogvideo_ddim_edit` and the command line's help stay light.
_homes = {
    'loading': ['FAMILIES', 'Family', 'ModelNotFound', 'Requirements', 'load_pipeline', 'random_pipeline', 'requirements'],
    'video': ['Video', 'VideoError', 'read_image', 'read_video', 'sample', 'encode_video', 'decode_latents'],
    'inversion': ['CogVideoXDDIMInverseScheduler', 'CogVideoXDDIMPathScheduler', 'Inversion', 'InversionError', 'NoiseLikeness', 'StepsError', 'StoredLatents', 'ddim_inversion', 'invert', 'noise_likeness', 'sampler'],
    'attention': ['CogVideoXAttnProcessor2_0ForDDIMInversion', 'InjectionError', 'OverrideAttnProcessors'],
    'compatibility': ['enable_context_parallel'],
    'injection': ['Injection', 'injected'],
    'masks': ['MaskError', 'automatic_mask', 'difference_mask', 'keep_outside', 'keep_unchanged', 'latent_mask', 'source_outside', 'token_mask'],
    'flow': ['FlowEditScheduler', 'flow_latents'],
    'reconstruction': ['Edit', 'PRESETS', 'Preset', 'PresetError', 'PromptError', 'RoundTrip', 'StartError', 'edit', 'edit_flow', 'edit_inversion', 'edit_many', 'edit_video', 'reconstruct', 'round_trip'],
    'maps': ['AttentionMaps', 'MapsError', 'WordMaps', 'attention_maps', 'invert_with_words', 'word_maps', 'word_mask', 'word_tokens'],
    'export': ['ExportError', 'export_edit', 'export_video', 'filmstrip', 'show', 'side_by_side'],
    'metrics': ['EditScore', 'MetricError', 'VideoScore', 'score_edit', 'score_folder', 'score_video'],
    'benchmark': ['BenchmarkError', 'run_benchmark'],
}
_home = {name: module for module, names in _homes.items() for name in names}
__all__ = sorted(_home)

def __getattr__(name):
    if name in _home: return getattr(import_module(f'{__name__}.{_home[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

def __dir__(): return sorted([*globals(), *__all__])
