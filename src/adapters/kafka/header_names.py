r"""Reading records whose header names are no UTF-8.

Kafka takes any bytes for a header's name; the driver decodes them while it takes records apart,
and fails. It would fail at the same place for ever, and the whole consumer with it. So a batch
with such a name is read once more, from its bytes, by the driver's slower reader; the name's bad
bytes come out as ``\xe9``. ``tests/unit/test_kafka_header_names.py`` notices if a new version of
the driver has these parts elsewhere.
"""

# What the driver's classes give has no types.
# ruff: noqa: ANN401

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

__all__ = ["Batches", "read_any_header_name"]

# An offset and a length come before what that length counts.
_LENGTH = struct.Struct(">8xi")


def read_any_header_name() -> None:
    """Let all consumers of this process read such records, from now on."""
    fetcher.MemoryRecords = Batches


class Batches:
    """What one fetch gave of a partition, in place of the driver's class of that purpose."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.has_next = (batches := MemoryRecords(data)).has_next
        self.size_in_bytes = batches.size_in_bytes
        self._next_batch = batches.next_batch
        self._count = 0

    def next_batch(self) -> Any:
        """Return the next batch, or None."""
        batch = self._next_batch()
        self._count += 1
        if not isinstance(batch, DefaultRecordBatch):
            # There is none, or it is of an old kind without headers.
            return batch
        return _Batch(batch, self._data, self._count - 1)


class _Batch:
    """A batch as the driver reads it, until it fails: the one behind *before* others in *data*."""

    def __init__(self, batch: Any, data: bytes, before: int) -> None:
        self.validate_crc = batch.validate_crc
        self.producer_id = batch.producer_id
        self.base_offset = batch.base_offset
        self.next_offset = batch.next_offset
        self.is_control_batch = batch.is_control_batch
        self.is_transactional = batch.is_transactional
        self._batch = batch
        self._data = data
        self._before = before

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        count = 0
        try:
            for record in self._batch:
                yield record
                count += 1
        except UnicodeDecodeError:
            yield from islice(_PatientBatch(self._bytes()), count, None)

    def _bytes(self) -> memoryview:
        begin = end = 0
        for _ in range(self._before + 1):
            begin, end = end, end + _LENGTH.size + _LENGTH.unpack_from(self._data, end)[0]
        return memoryview(self._data)[begin:end]


class _PatientBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # the driver has no types
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Bytes(self._buffer)


class _Bytes(bytearray):
    """Bytes that can always be decoded, and so can their parts."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Bytes(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return bytes(self).decode(encoding, "backslashreplace")
