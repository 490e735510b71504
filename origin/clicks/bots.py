"""Requests that look like a browser's and are a program's: by the network they come from, and by how fast they go on."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

BY_USER_AGENT, BY_NO_USER_AGENT, BY_NETWORK, BY_SWEEP = "user agent", "no user agent", "data centre", "sweep"
# Networks whose addresses belong to rented servers, by their owners' registered numbers. Those of which people surf come
# through too (Apple's relay, Cloudflare, VPN companies) are left out.
DATA_CENTRES = {
    **dict.fromkeys((14618, 16509), "Amazon Web Services"),
    **dict.fromkeys((19527, 396982), "Google Cloud"),
    8075: "Microsoft Azure",
    14061: "DigitalOcean",
    16276: "OVHcloud",
    **dict.fromkeys((24940, 213230, 212317), "Hetzner"),
    63949: "Akamai Linode",
    20473: "Vultr",
    12876: "Scaleway",
    31898: "Oracle Cloud",
    **dict.fromkeys((37963, 45102), "Alibaba Cloud"),
    **dict.fromkeys((45090, 132203), "Tencent Cloud"),
    51167: "Contabo",
    36351: "IBM Cloud",
    202053: "UpCloud",
}
# More different links in one second than a person opens: a scanner of mail, or a crawler with a browser's name.
SWEEP_LINKS = 20


def sweeping(
    known: npt.NDArray[np.bool_], visitors: npt.NDArray[np.uint64], seconds: Numbers, links: Numbers
) -> Numbers:
    """Which clicks of a block are part of a sweep through many links, by their numbers, rising.

    `known` are the people's clicks whose address is known: without one, people with one browser can't be told apart, and many
    of them are no sweep. Of the block alone, so that one that is inserted again says the same.
    """
    (candidates,) = np.nonzero(known)
    order = candidates[np.lexsort((seconds[candidates], visitors[candidates]))]
    if len(order) < SWEEP_LINKS:
        return np.empty(0, np.int64)
    changes = (np.diff(visitors[order]) != 0) | (np.diff(seconds[order]) != 0)
    starts = np.flatnonzero(np.concatenate(([True], changes, [True])))
    (often,) = np.nonzero(np.diff(starts) >= SWEEP_LINKS)
    groups = [order[starts[each] : starts[each + 1]] for each in often]
    sweeps = [group for group in groups if len(np.unique(links[group])) >= SWEEP_LINKS]
    return np.sort(np.concatenate(sweeps)) if sweeps else np.empty(0, np.int64)
