"""Every error has one root, and clauses written for Python's own errors catch them too."""

import inspect

import pytest

from penstock import errors, limits

CAUGHT_AS = {
    errors.UsageError: [ValueError],
    errors.BadBufferError: [TypeError, BufferError],
    errors.RecipeError: [ValueError],
    errors.CorruptDataError: [ValueError],
    errors.TruncatedError: [errors.CorruptDataError, ValueError, EOFError],
    errors.ChecksumError: [errors.CorruptDataError, ValueError],
    errors.LimitExceededError: [ValueError],
    errors.UnsupportedVersionError: [ValueError],
    errors.UnknownCodecError: [LookupError],
    errors.DictionaryRequiredError: [LookupError],
    errors.VerificationError: [ValueError],
    errors.KeyRequiredError: [ValueError],
    errors.WrongKeyError: [errors.CorruptDataError, ValueError],
    errors.WorkerDiedError: [RuntimeError],
    errors.StorageError: [OSError],
    errors.TargetExistsError: [errors.StorageError, FileExistsError],
    errors.MissingExtraError: [ImportError],
}
ALL = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, BaseException)]


def test_every_error_is_listed_here():
    assert set(ALL) - {errors.PenstockError} == set(CAUGHT_AS)


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_one_root_a_message_and_a_hint(error):
    with pytest.raises(errors.PenstockError) as caught:
        raise error("what is wrong", hint="what to do")
    assert str(caught.value) == "what is wrong (what to do)"
    assert (caught.value.message, caught.value.hint) == ("what is wrong", "what to do")
    assert str(error("what is wrong")) == "what is wrong"
    assert error.__doc__


@pytest.mark.parametrize(("error", "kinds"), CAUGHT_AS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_ordinary_clauses_catch_it(error, kinds):
    for kind in kinds:
        with pytest.raises(kind):
            raise error("x")


@pytest.mark.parametrize("error", [errors.StorageError, errors.TargetExistsError])
def test_storage_errors_say_what_the_system_said(error):
    caught = error("cannot write", errno=28, filename="/x/y", hint="make room")
    assert (caught.errno, caught.filename) == (28, "/x/y")
    assert str(caught) == "cannot write (make room)"
    assert (error("x").errno, error("x").filename) == (None, None)


def test_limits_fit_together():
    assert limits.MIN_DEDUP_UNIT == limits.SECTOR == 512
    assert limits.MAX_DEDUP_UNIT % limits.MIN_DEDUP_UNIT == 0
    assert limits.PAGE % limits.CACHE_LINE == 0
    assert limits.MAX_SIZE < 1 << 63, "kernels count bytes in int64"
    assert limits.KERNEL_BYTES % limits.PAGE == 0
    assert all(value > 0 for name, value in vars(limits).items() if name.isupper())
