"""Which network addresses Daytwo connects to for content from outside.

An address in `daytwo.yaml` is written by a person with fewer rights than Daytwo's network position and identity. So after name
resolution, addresses that only this machine can reach are refused: the instance metadata service, Azure's host agent, and
loopback. Private addresses (10/8, 172.16/12, 192.168/16, fc00::/7) are permitted, since calendars on an intranet have them.
"""

import ipaddress
import socket
import threading
from itertools import chain

type _Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Azure's host agent ("WireServer"), reachable from each VM at this public address (Microsoft Learn, "What is IP address 168.63.129.16").
_HOST_AGENT = ipaddress.ip_address("168.63.129.16")
# IPv6 addresses that contain an IPv4 address in their last 32 bits: NAT64 (RFC 6052), and IPv4-compatible addresses.
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))


def resolve(host: str, port: int, within_s: float, *, allow_loopback: bool = False) -> tuple[str, ...] | str:
    """Returns the host's addresses, or why it cannot be used. One address that is not permitted refuses them all.

    It returns within `within_s` seconds, however long the resolver waits for its servers.
    """
    addresses = _look_up(host, port, within_s)
    if isinstance(addresses, str):
        return addresses
    if not all(is_permitted(each, allow_loopback=allow_loopback) for each in addresses):
        return "its host has a local address (loopback, link-local or metadata), which is not permitted"
    return addresses


def _look_up(host: str, port: int, within_s: float) -> tuple[str, ...] | str:
    """Returns all addresses, or why there are none. `getaddrinfo` has no time limit, so it runs in a thread that may be left behind."""
    found: list[tuple[str, ...] | str] = []

    def look() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found.append("its host name cannot be resolved")
        else:
            found.append(tuple(dict.fromkeys(str(each[4][0]) for each in answers)))

    # A daemon, so that the process can end although the resolver still waits.
    thread = threading.Thread(target=look, name="resolve", daemon=True)
    thread.start()
    thread.join(within_s)
    return found[0] if found else "its host name was not resolved in time"


def is_permitted(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether Daytwo connects to an address. One that cannot be parsed is not permitted."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(_is_permitted(each, allow_loopback=allow_loopback) for each in chain([parsed], _embedded(parsed)))


def _is_permitted(address: _Address, *, allow_loopback: bool) -> bool:
    if address.is_loopback:
        return allow_loopback
    is_local = address.is_link_local or address.is_multicast or address.is_unspecified
    return not is_local and not _is_reserved(address) and address != _HOST_AGENT


def _is_reserved(address: _Address) -> bool:
    """Whether an IPv4 address is reserved; for IPv6, `is_reserved` includes NAT64, whose IPv4 address is checked instead."""
    return isinstance(address, ipaddress.IPv4Address) and address.is_reserved


def _embedded(address: _Address) -> tuple[_Address, ...]:
    """Returns the IPv4 addresses to which an IPv6 address leads."""
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_unspecified:
        return ()
    named = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    last = (ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF),) if any(address in each for each in _EMBEDDING) else ()
    return (*(each for each in named if each is not None), *last)
