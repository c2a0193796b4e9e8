"""The pseudonyms of a workspace: its setting and its key, as ingest takes them.

Belongs here: when the key is made, and what is said when it is gone. Stays out: how ids are
replaced (ingest), and the file itself (engine). Dagster is not imported: answers use this too.
"""

from __future__ import annotations

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.keys import make_key, read_key
from cx_analytics.ingest import KEY_BYTES, Manifest, Pseudonyms, demand_settled, is_pseudonym
from cx_analytics.workspace import Workspace


def pseudonyms_of(workspace: Workspace) -> Pseudonyms | None:
    """What is to be replaced; None when the setting asks for nothing.

    The first call in a workspace that has taken nothing in makes the key; the caller holds the
    workspace's lock.

    Raises
    ------
    InputRefused : rows were taken in under a key that is no longer there.
    SettingsError : what was taken in has ids of another kind, or under another key.
    """
    columns = workspace.settings.pseudonyms
    manifest = Manifest.read(workspace.root)
    if columns and manifest.batches and not manifest.pseudonyms:
        # Before a key is made: the refusal must leave the workspace as it is.
        demand_settled(workspace.root, Pseudonyms(columns, bytes(KEY_BYTES)))
    found = Pseudonyms(columns, _key(workspace, manifest)) if columns else None
    demand_settled(workspace.root, found)
    return found


def _key(workspace: Workspace, manifest: Manifest) -> bytes:
    file = workspace.pseudonym_key
    key = read_key(file, KEY_BYTES)
    if key is None and manifest.pseudonyms:
        raise _gone(workspace)
    return make_key(file, KEY_BYTES) if key is None else key


def _gone(workspace: Workspace) -> InputRefused:
    return InputRefused(
        "the key of the pseudonyms is gone, and rows were taken in under it",
        where=str(workspace.pseudonym_key),
        todo="put it back from a backup; without it, make the lake anew from landing/ under a new "
        "key (docs/operations.md, 'Pseudonyms'): every pseudonym will be another",
    )


def known_as(workspace: Workspace, column: str, identity: str) -> str:
    """How the tables name an id: its pseudonym where the setting asks for one, else itself.

    Makes no key: where there is none, nothing was taken in yet. A pseudonym needs none, so that
    people who may not read the key can ask by pseudonyms.

    Raises
    ------
    InputRefused : the key is gone, or cannot be read.
    """
    columns = workspace.settings.pseudonyms
    if column not in columns or is_pseudonym(identity):
        return identity
    key = read_key(workspace.pseudonym_key, KEY_BYTES)
    if key is None and Manifest.read(workspace.root).pseudonyms:
        raise _gone(workspace)
    return Pseudonyms(columns, key).of(identity) if key else identity
