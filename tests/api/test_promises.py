"""The ratios that the default content promises for five real codecs, measured with them."""

import pytest

from penstock.api.certify import certify
from penstock.measure.codecs import DEFAULT_BLOCKS, DEFAULT_CODECS
from penstock.synth.recipe import Recipe


def lines_of(certificate, kind):
    return {line.label: line for line in certificate.lines if line.kind == kind}


@pytest.mark.parametrize("ratio", [1.0, 1.1, 1.5, 2.0, 2.35, 3.0, 4.0, 6.0, 8.0, 10.0])
def test_five_codecs_alike(ratio):
    """Within 2 % to 4:1 and 5 % to 10:1 from 16 KiB on; 6 % and 10 % at 4 KiB; 95 % of blocks near; no duplicates."""
    assert DEFAULT_CODECS == ("lz4", "zstd-1", "zstd-3", "zlib-1", "zlib-6")
    assert DEFAULT_BLOCKS == (4 << 10, 16 << 10, 128 << 10, 1 << 20)
    recipe = Recipe(2 << 20, seed=21, compress_ratio=ratio)
    certificate = certify(recipe, units=[512, 4096, 128 << 10])
    large, small = (0.02, 0.06) if ratio <= 4 else (0.05, 0.10)
    found = lines_of(certificate, "compression")
    assert len(found) == 20
    for label, line in found.items():
        if ratio == 1:
            assert line.achieved <= 1.0, label
        else:
            assert line.achieved == pytest.approx(ratio, rel=small if label.endswith("@4K") else large), label
    for label, line in lines_of(certificate, "spread").items():
        assert line.achieved >= 0.95, label
    for label, line in lines_of(certificate, "dedup").items():
        assert line.achieved <= 1.001, label
    assert certificate.passed
