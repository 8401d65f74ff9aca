"""Which HubSpot product a variant is, where only its SKU tells.

HubSpot's own sync leaves no Shopify id on products. A SKU decides only where it can mean one thing:
one HubSpot product has it, and one variant of all the account's stores claims it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.shared.ledger import skus, sources
from services.shared.ledger.engine import Ledger
from services.shared.ledger.identities import SKU
from services.shared.ledger.stores import ACCOUNT
from services.syncer import plans
from services.syncer.adopting import SKU_PROPERTY
from services.syncer.applying import Applier
from services.syncer.efforts import Effort, Failure, Piece, failure_of
from services.syncer.knowing import Known

SKU_TAKEN = "sku_taken"
SKU_SHARED = "sku_not_unique"
SKUS_UNKNOWN = "skus_unknown"


def adopt_by_sku(effort: Effort, known: Known) -> None:
    """Point new variants at the products that have their SKU; say so where that is ambiguous.

    As long as not every store's products are known, nobody can tell who else claims a SKU: the
    product waits.
    """
    for piece in effort.parts.values():
        sku = piece.properties.get(SKU_PROPERTY, "")
        found = known.identities.get((SKU, sku))
        if piece.object_type != plans.PRODUCTS or piece.is_gone or not found:
            continue
        if found.target_id and found.target_id == piece.target_id:
            continue
        is_taken = (plans.PRODUCTS, found.target_id) in known.targets
        if found.target_id is None or is_taken or known.claimants.get(sku, 0) > 1:
            effort.note = SKU_SHARED
        elif piece.target_id:
            continue
        elif known.are_skus_known:
            piece.target_id = found.target_id
        else:
            effort.awaits = SKUS_UNKNOWN


async def settle_taken(ledger: Ledger, applier: Applier, efforts: Sequence[Effort]) -> None:
    """Take over the products that hold the SKUs HubSpot refused, where they can be meant.

    Otherwise the variant is failing, the other product named; a product that is there already gets
    its other values all the same.
    """
    refused = {piece.source: piece for effort in efforts for piece in _refused_for_sku(effort)}
    if not refused:
        return
    free = await _free_for(ledger, refused.values())
    for effort in efforts:
        again = [piece for piece in effort.parts.values() if piece.source in refused]
        adopted = [piece for piece in again if _adopted(piece, free)]
        kept = [piece for piece in again if piece not in adopted and piece.target_id]
        failures = [_taken(piece) for piece in again if piece not in adopted]
        for piece in kept:
            piece.refused = None
            piece.properties = {k: v for k, v in piece.properties.items() if k != SKU_PROPERTY}
        await applier.write([*adopted, *kept])
        effort.failure = effort.failure or next(iter(failures), None)


def _refused_for_sku(effort: Effort) -> Iterable[Piece]:
    for piece in effort.parts.values():
        refusal = piece.refused
        if refusal and refusal.field == SKU_PROPERTY and refusal.existing_id:
            yield piece


async def _free_for(ledger: Ledger, pieces: Iterable[Piece]) -> Mapping[str, str]:
    """The products that may be adopted, by SKU: nobody's yet, and one variant alone claims it."""
    wanted = {
        piece.properties[SKU_PROPERTY]: piece.refused.existing_id
        for piece in pieces
        if piece.refused and not piece.target_id
    }
    async with ledger.transaction() as tx:
        taken = await sources.sharing(tx, plans.VARIANTS, wanted.values())
        claimants = await skus.claimants(tx, ACCOUNT, wanted)
    return {
        sku: holder
        for sku, holder in wanted.items()
        if holder not in taken and claimants.get(sku) == 1
    }


def _adopted(piece: Piece, free: Mapping[str, str]) -> bool:
    holder = "" if piece.target_id else free.get(piece.properties[SKU_PROPERTY], "")
    if not holder or piece.refused is None or holder != piece.refused.existing_id:
        return False
    piece.refused = None
    return piece.move_to(holder)


def _taken(piece: Piece) -> Failure:
    if piece.refused is None:
        raise TypeError("only what was refused is taken")
    said = failure_of(piece.refused, str(piece.source))
    return Failure(reason=SKU_TAKEN, detail=said.detail, part=said.part)
