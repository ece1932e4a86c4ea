"""Records whose header names are no UTF-8 are read like any other."""

import gzip
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from adapters.kafka.header_names import Batches, read_any_header_name

PLACE = TopicPartition("work", 0)
NAME = "ab"
BAD_NAME = b"\xe9b"


def batch(names: Sequence[str], *, at: int = 0, producer: int = -1) -> bytes:
    builder = DefaultRecordBatchBuilder(
        2,
        DefaultRecordBase.CODEC_NONE,
        is_transactional=producer >= 0,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=100_000,
    )
    for number, name in enumerate(names):
        builder.append(
            number,
            timestamp=1,
            key=b"k%d" % (at + number),
            value=b"v",
            headers=[("good", b"1"), (name, b"2")],
        )
    built = bytearray(builder.build())
    struct.pack_into(">q", built, 0, at)
    return bytes(built)


def spoilt(data: bytes) -> bytes:
    """Return *data*, one batch, with a name that is no UTF-8 in it, and the right checksum."""
    spoilt = bytearray(data.replace(NAME.encode(), BAD_NAME))
    checked = DefaultRecordBase.ATTRIBUTES_OFFSET
    struct.pack_into(
        ">I", spoilt, DefaultRecordBase.CRC_OFFSET, calc_crc32c(bytes(spoilt[checked:]))
    )
    return bytes(spoilt)


def read(data: bytes, *, start: int = 0, aborted: Sequence[tuple[int, int]] = ()) -> list[Any]:
    """Take *data* apart as the driver's consumer does."""
    records = fetcher.PartitionRecords(
        PLACE, Batches(data), aborted, start, None, None, True, fetcher.READ_COMMITTED
    )
    return list(records)


def test_the_driver_by_itself_fails_at_such_a_name() -> None:
    records = MemoryRecords(spoilt(batch([NAME])))

    with pytest.raises(UnicodeDecodeError):
        list(records.next_batch())


def test_the_name_comes_out_with_its_bytes_told_and_all_else_as_it_was() -> None:
    [record] = read(spoilt(batch([NAME], at=5)))

    assert (record.offset, record.key, record.value) == (5, b"k5", b"v")
    assert record.headers == (("good", b"1"), ("\\xe9b", b"2"))


def test_the_records_around_it_come_once_each_and_in_order() -> None:
    data = spoilt(batch(["x", NAME, "größe", NAME], at=2)) + batch(["z"], at=6)
    data += spoilt(batch([NAME], at=7))

    found = read(batch(["x", "y"]) + data)

    assert [record.offset for record in found] == list(range(8))
    assert [record.headers[1][0] for record in found] == [
        "x", "y", "x", "\\xe9b", "größe", "\\xe9b", "z", "\\xe9b",
    ]  # fmt: skip
    assert [record.offset for record in read(data, start=4)] == [4, 5, 6, 7]


def test_a_compressed_batch_is_read_as_well() -> None:
    # The name is inside of what is compressed: it is spoilt on its way in there.
    plain = spoilt(batch(["x", NAME]))[DefaultRecordBase.HEADER_STRUCT.size :]
    squeezed = bytearray(batch(["x", NAME])[: DefaultRecordBase.HEADER_STRUCT.size])
    squeezed += gzip.compress(plain)
    struct.pack_into(">i", squeezed, 8, len(squeezed) - 12)
    struct.pack_into(">h", squeezed, DefaultRecordBase.ATTRIBUTES_OFFSET, 1)
    data = spoilt(bytes(squeezed))

    assert [record.headers[1][0] for record in read(data)] == ["x", "\\xe9b"]


def test_an_aborted_transaction_stays_unread() -> None:
    data = batch(["x"], producer=7) + spoilt(batch([NAME], at=1, producer=7)) + batch(["z"], at=2)

    assert [record.offset for record in read(data, aborted=[(7, 0)])] == [2]


def test_other_faults_in_a_record_stay_faults() -> None:
    data = bytearray(batch(["x"]))
    data[-1] ^= 1

    with pytest.raises(Exception, match="Invalid CRC"):
        read(bytes(data))


def test_every_consumer_of_the_driver_reads_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)

    read_any_header_name()

    assert fetcher.MemoryRecords is Batches
    assert "MemoryRecords" in fetcher.Fetcher._proc_fetch_request.__code__.co_names
