"Builds the package from `settings.ini`, the one place that says what it is"
from configparser import ConfigParser
import shlex
import setuptools

ini = ConfigParser(delimiters=['='])
ini.read('settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
status = {'3': '3 - Alpha', '4': '4 - Beta', '5': '5 - Production/Stable'}[cfg['status']]

with open('README.md', encoding='utf-8') as f:
    readme = f.read()

setuptools.setup(
    name=cfg['lib_name'],
    version=cfg['version'],
    description=cfg['description'],
    keywords=cfg['keywords'],
    author=cfg['author'],
    author_email=cfg['author_email'],
    license_expression={'apache2': 'Apache-2.0'}[cfg['license']],
    url=cfg['git_url'],
    project_urls={'Documentation': cfg['doc_host'] + cfg['doc_baseurl'], 'Source': cfg['git_url']},
    classifiers=[f'Development Status :: {status}', f"Intended Audience :: {cfg['audience']}",
                 f"Natural Language :: {cfg['language']}", 'Programming Language :: Python :: 3'],
    packages=setuptools.find_packages(include=[cfg['lib_path'], cfg['lib_path'] + '.*']),
    package_data={cfg['lib_path']: cfg['package_data'].split()},
    include_package_data=False,
    python_requires='>=' + cfg['min_python'],
    install_requires=shlex.split(cfg['requirements']),
    extras_require={
        'dev': shlex.split(cfg['dev_requirements']) + shlex.split(cfg['lab_requirements']),
        'lab': shlex.split(cfg['lab_requirements']),
        'ray': ['ray>=2.40'],
        'slurm': ['submitit>=1.5'],
    },
    long_description=readme,
    long_description_content_type='text/markdown',
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
)
