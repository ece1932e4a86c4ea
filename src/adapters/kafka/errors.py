"""The driver's errors, translated once."""

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from adapters.kafka.settings import KafkaSettings
from inventory_domain.errors import DependencyUnavailable, RecordTooLarge

__all__ = ["DRIVER_ERRORS", "EVENT_LOG", "SIZE_ERRORS", "too_large", "unavailable"]

EVENT_LOG = "event log"
"""What the domain calls this dependency."""

# ValueError: a bootstrap address that cannot be read is found when it is first used.
DRIVER_ERRORS = (KafkaError, OSError, TimeoutError, ValueError)
SIZE_ERRORS = (MessageSizeTooLargeError, RecordListTooLargeError)


def unavailable(
    settings: KafkaSettings, what: str, error: BaseException | None = None
) -> DependencyUnavailable:
    """Return the domain's error for *what* went wrong, with the setting to look at."""
    where = f"Kafka at KAFKA_BOOTSTRAP_SERVERS={settings.bootstrap_servers}"
    why = "" if error is None else f" ({_text(error)})"
    return DependencyUnavailable(dependency=EVENT_LOG, reason=f"{where} {what}{why}.")


def too_large(settings: KafkaSettings, why: str) -> RecordTooLarge:
    """Return the domain's error for a record that is taken at no time."""
    where = f"Kafka at KAFKA_BOOTSTRAP_SERVERS={settings.bootstrap_servers}"
    return RecordTooLarge(
        dependency=EVENT_LOG, reason=f"{where} does not take so large a record ({why})."
    )


def _text(error: BaseException) -> str:
    name, text = type(error).__name__, str(error)
    return text if name in text else f"{name}: {text}" if text else name
