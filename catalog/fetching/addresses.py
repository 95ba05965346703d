"""What may be asked: http(s) addresses without credentials, on hosts that are public or allowed."""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from catalog.errors import FetchError, SettingsError

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://")
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
MAX_LENGTH = 4_000
PORTS = {"http": 80, "https": 443}
SAFE = "%/:=&?~#+!$,;'@()*[]"  # signs that stay as they are; others are percent-encoded

GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
TEREDO = ipaddress.IPv6Network("2001::/32")
RELAY = ipaddress.IPv4Network("192.88.99.0/24")  # 6to4's, long out of use


@dataclass(frozen=True, slots=True)
class Address:
    """An address that is well formed; ``host`` is in ASCII, an IPv6 one without its brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, in ASCII

    @property
    def netloc(self) -> str:
        """Host and port as they stand in an address; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """For messages: without the query, which may hold a secret."""
        path, mark, _ = self.target.partition("?")
        return f"{self.scheme}://{self.netloc}{path}{mark and '?…'}"


def is_address(text: str) -> bool:
    """Whether this is an address of any scheme, and not a path."""
    return SCHEME.match(text) is not None


def parse_address(text: str, base: Address | None = None) -> Address:
    """Read an address; one that a redirect names may be relative to ``base``.

    Raises:
        FetchError: ``address``: another scheme, credentials, or nothing that can be asked.
    """
    if len(text) > MAX_LENGTH:
        raise _wrong(text, f"it has more than {MAX_LENGTH:,} characters")
    text = text.strip(" ")
    if FORBIDDEN.search(text):
        raise _wrong(text, "it has a backslash or a control character in it")
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise _wrong(text, str(error)) from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise _wrong(text, "only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchError(
            "address",
            f"{scheme}://…@{host}: an address may not hold a user name or password. "
            "Take them out of it.",
        )
    if not host or not re.fullmatch(r"[A-Za-z0-9._:-]+", host) or port == 0:
        raise _wrong(text, "it names no host")
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    if target.startswith("//"):  # a path that begins so would read as a host
        target = "/." + target
    return Address(scheme, host.lower(), port or PORTS[scheme], quote(target, safe=SAFE))


def is_public(ip: IP) -> bool:
    """Whether an address belongs to the public internet, whichever way it is written.

    Of IPv6, only global unicast counts, and of what has an IPv4 address in it only NAT64's
    well-known prefix, if that address is public.
    """
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and ip not in RELAY
    if ip in NAT64:
        return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
    if ip not in GLOBAL_V6 or ip in SIX_TO_FOUR or ip in TEREDO:
        return False
    return ip.is_global


@dataclass(frozen=True, slots=True)
class Allowed:
    """A shop's own hosts, which may be asked though they are not public."""

    hosts: frozenset[str] = frozenset()  # "name" or "name:port"
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Allowed":
        """Read the setting: names, name:port, addresses and networks, with commas between.

        Raises:
            SettingsError: an entry is none of these.
        """
        hosts, networks = set(), []
        for entry in (part.strip().lower() for part in text.split(",")):
            if not entry:
                continue
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                if not re.fullmatch(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:\d{1,5})?", entry):
                    raise SettingsError(
                        f"LOOKALIKE_FETCH_HOSTS: {entry!r} is no host, host:port or network, such "
                        "as images.shop.example, localhost:8080 or 10.1.0.0/16."
                    ) from None
                hosts.add(entry.replace("[", "").replace("]", ""))
        return cls(frozenset(hosts), tuple(networks))

    def host(self, host: str, port: int) -> bool:
        """Whether a host was named."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def ip(self, ip: IP) -> bool:
        """Whether an address is in a network that was named."""
        return any(ip in network for network in self.networks)


Resolve = Callable[[str, int], Sequence[str]]


def resolve_by_system(host: str, port: int) -> list[str]:
    """Every IP address of a host, as text."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Turns a host into the IP addresses that may be connected to; asked once a connection."""

    def __init__(self, allowed: Allowed, resolve: Resolve = resolve_by_system) -> None:
        self._allowed = allowed
        self._resolve = resolve

    def checked(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of which may be asked. Connect to these, not to the name.

        Raises:
            FetchError: ``dns``, or ``not_public`` if any of its addresses is not.
        """
        try:
            listed = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError("dns", f"The host {host} is not found: {error}.") from error
        if not listed:
            raise FetchError("dns", f"The host {host} has no address.")
        trusted = self._allowed.host(host, port)
        for text in listed:
            ip = _ip(text)
            if ip is not None and (trusted or is_public(ip) or self._allowed.ip(ip)):
                continue
            raise FetchError(
                "not_public",
                f"{host} is at {text}, which is not a public address. If it is your own host, "
                "name it in LOOKALIKE_FETCH_HOSTS.",
            )
        return list(listed)


def _ip(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _wrong(text: str, why: str) -> FetchError:
    shown = text.partition("?")[0]
    shown = re.sub(r"//[^/]*@", "//…@", shown)
    return FetchError("address", f"{shown[:200]!r} cannot be fetched: {why}.")
