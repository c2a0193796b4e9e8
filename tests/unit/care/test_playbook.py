import pytest

from cx_analytics.care import default_playbook, parse_playbook
from cx_analytics.care.playbook import Playbook
from cx_analytics.contracts.errors import SettingsError

LAST = '[[rules]]\nname = "last"\nthen = { fix_code = "observe", fix = "Watch." }\n'


def first_code(playbook: Playbook, domain: str, kind: str, keys: list[str], state: str) -> str:
    """The first rule that asks nothing of the customer."""
    fitting = playbook.fitting(domain, kind, keys, state)
    return next(rule.then.fix_code for _, rule in fitting if not rule.when.pattern)


@pytest.mark.parametrize(
    ("domain", "kind", "keys", "state", "code"),
    [
        ("app", "shared", ["app_version"], "ended", "none_ended"),
        ("app", "shared", ["app_version"], "left", "none_left"),
        ("interaction", "shared", ["app_version", "device_model"], "open", "update_app"),
        ("device", "shared", ["firmware_version"], "open", "update_firmware"),
        ("interaction", "shared", ["cell_id", "firmware_version"], "open", "update_firmware"),
        ("network", "shared", ["cell_id"], "open", "network_repair"),
        ("network", "shared", ["carrier_mnc", "region"], "open", "network_repair"),
        ("network", "shared", ["wifi_router"], "open", "network_repair"),
        ("device", "shared", ["modem_lot"], "open", "replace_unit"),
        ("device", "shared", ["device_model"], "open", "await_maker"),
        ("interaction", "shared", ["mains_voltage", "mode"], "open", "escalate"),
        ("device", "individual", ["unit_id"], "open", "replace_unit"),
        ("customer", "individual", ["customer_id"], "open", "change_sim"),
        ("customer", "individual", ["cell_id", "customer_id"], "open", "check_coverage"),
        ("background", "shared", [], "open", "observe"),
    ],
)
def test_the_shipped_playbook(
    domain: str, kind: str, keys: list[str], state: str, code: str
) -> None:
    assert first_code(default_playbook(), domain, kind, keys, state) == code


def test_rules_are_asked_in_their_order() -> None:
    rule = '[[rules]]\nname = "{0}"\nwhen = {{ any_keys = "lot*" }}\n'
    then = 'then = {{ fix_code = "{0}", fix = "Do {{label}}." }}\n'
    text = (rule + then).format("a") + (rule + then).format("b") + LAST
    fitting = parse_playbook(text).fitting("device", "shared", ["lot"], "open")
    assert [(place, one.name) for place, one in fitting] == [(0, "a"), (1, "b"), (2, "last")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x =", "no valid TOML"),
        ("", "no rules"),
        ("rules = 1", "no rules"),
        ("rules = [1]", "1 is no table"),
        ("rule = 1", "did you mean rules?"),
        ('[[rules]]\nname = "a"\nthen = 3', "3 is no table"),
        ('[[rules]]\nname = "a"', "fix_code, fix is missing"),
        ('[[rules]]\nthen = { fix_code = "x", fix = "y" }', "name is missing"),
        (LAST + 'wen = { kind = "shared" }', "did you mean when?"),
        (LAST + 'when = { knd = "shared" }', "did you mean kind?"),
        (LAST + 'when = { kind = "sharde" }', "did you mean shared?"),
        (LAST + "when = { keys = [1] }", "give text in quotes"),
        (LAST + 'needs = "luck"', "'luck' is no such word"),
        (LAST + "minimum_probability = 2", "2.0 is no share"),
        (LAST + 'when = { pattern = "one_cel" }', "did you mean one_cell?"),
        (LAST + "[rollout]\nharms = 2", "did you mean harm?"),
        (LAST + "[rollout]\nshares = [0.5, 0.1, 1]", "are no stages"),
        (LAST + "[rollout]\nshares = [0.5]", "are no stages"),
        (LAST + '[rollout]\nshares = ["all"]', "give numbers of 0 or more"),
        (LAST + "[rollout]\nharm = 1", "no stage could be stopped so"),
        (LAST.replace('"Watch."', '"Watch.", staged = 1'), "give true or false"),
        (LAST + "minimum_avoided = -1", "give a number of 0 or more"),
        (LAST + "minimum_avoided = true", "give a number of 0 or more"),
        (LAST + "minimum_avoided = 1", "does not answer everything"),
        (LAST + 'when = { kind = "shared" }', "does not answer everything"),
        (LAST.replace("Watch", "{labl}"), "did you mean label?"),
        (LAST.replace("Watch", "{label.__class__}"), "cannot be filled in"),
        (LAST.replace("Watch", "{"), "mend the braces"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_playbook(text, where="book.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("book.toml")
