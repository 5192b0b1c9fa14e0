"""The plots for the documentation: the cost of a call with each library, as SVG."""

from pathlib import Path

from rows import FORMER, OURS, SUCCESSOR

#: The colors of the page and of lines and text: light, and dark as in the theme of the docs.
_LIGHT = ('#ffffff', '#000000')
_DARK = ('#131416', '#cfd0d0')
_COLORS = {FORMER: '#c44e52', SUCCESSOR: '#8c8c8c', OURS: '#2a7f4f'}


def draw(results, path):
    """Draw the rows with requests as their baseline, as bars. Shorter is better.

    A second file, whose name ends in _dark, is for dark pages.
    """
    import matplotlib

    matplotlib.use('svg')
    # Keep text as text, and write the same file for the same results.
    matplotlib.rcParams.update({'svg.fonttype': 'none', 'svg.hashsalt': 'pdpyras'})
    from matplotlib import pyplot

    shown = [result for result in results if result.row.baseline == 'requests'][::-1]
    figure, axes = pyplot.subplots(figsize=(8.5, 0.62 * len(shown) + 1.2))
    for place, label in enumerate([OURS, SUCCESSOR, FORMER]):
        _draw_bars(axes, shown, label, offset=(place - 1) * 0.27)
    axes.axvline(1, color='black', linewidth=1)
    axes.text(1.01, len(shown) - 0.42, 'requests = 1', fontsize=8, va='bottom')
    axes.set_yticks(range(len(shown)), [result.row.title for result in shown], fontsize=9)
    axes.set_xlabel('cost relative to bare requests (bars: medians, lines: quartiles)')
    axes.spines[['top', 'right']].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc='lower right', frameon=False)
    figure.tight_layout()
    figure.savefig(path, format='svg', metadata={'Date': None})
    light = Path(path)
    dark = light.with_name(light.stem + '_dark.svg')
    dark.write_text(in_dark_colors(light.read_text('utf-8')), 'utf-8')


def in_dark_colors(svg):
    for light, dark in zip(_LIGHT, _DARK):
        svg = svg.replace(light, dark)
    # Text has no color of its own.
    return svg.replace(
        '<style type="text/css">', f'<style type="text/css">text{{fill: {_DARK[1]}}}'
    )


def _draw_bars(axes, shown, label, offset):
    drawn = [(place, result.against(label)) for place, result in enumerate(shown)]
    drawn = [(place, ratio) for place, ratio in drawn if ratio is not None]
    medians = [ratio.median for _, ratio in drawn]
    low = [ratio.median - ratio.low for _, ratio in drawn]
    high = [ratio.high - ratio.median for _, ratio in drawn]
    axes.barh(
        [place + offset for place, _ in drawn],
        medians,
        height=0.25,
        label=label,
        color=_COLORS[label],
        xerr=[low, high],
        error_kw={'linewidth': 0.8},
    )
