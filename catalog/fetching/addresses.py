"""Which addresses (URLs) may be requested: http(s), no credentials, hosts public or allowed."""

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
SAFE = "%/:=&?~#+!$,;'@()*[]"  # characters that stay as they are; others are percent-encoded

GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
TEREDO = ipaddress.IPv6Network("2001::/32")
RELAY_6TO4 = ipaddress.IPv4Network("192.88.99.0/24")  # long out of use


@dataclass(frozen=True, slots=True)
class Address:
    """A well-formed http(s) URL; ``host`` is in ASCII, an IPv6 address without its brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, in ASCII

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them; the scheme's default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    @property
    def shown(self) -> str:
        """For messages: without the query, which may hold a secret."""
        path, question_mark, _ = self.target.partition("?")
        return f"{self.scheme}://{self.netloc}{path}{question_mark and '?…'}"


def is_address(text: str) -> bool:
    """Whether this is a URL, of any scheme, and not a path."""
    return SCHEME.match(text) is not None


def parse_address(text: str, base: Address | None = None) -> Address:
    """Parses a URL; that of a redirect may be relative to ``base``.

    Raises:
        FetchError: with code ``address``: malformed, too long, another scheme, or credentials.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(text, f"it has more than {MAX_LENGTH:,} characters")
    text = text.strip(" ")
    if FORBIDDEN.search(text):
        raise _invalid(text, "it has a backslash or a control character in it")
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise _invalid(text, str(error)) from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise _invalid(text, "only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchError(
            "address",
            f"{scheme}://…@{host}: an address may not contain a user name or password. "
            "Remove them.",
        )
    if not host or not re.fullmatch(r"[A-Za-z0-9._:-]+", host) or port == 0:
        raise _invalid(text, "it names no host")
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    if target.startswith("//"):  # such a path would be parsed as a host
        target = "/." + target
    return Address(scheme, host.lower(), port or PORTS[scheme], quote(target, safe=SAFE))


def is_public(ip: IP) -> bool:
    """Whether an IP address belongs to the public internet.

    Of IPv6, only global unicast does. Of the IPv6 forms that embed an IPv4 address, only NAT64's
    well-known prefix does, if the embedded address is public.
    """
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and ip not in RELAY_6TO4
    if ip in NAT64:
        return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
    if ip not in GLOBAL_V6 or ip in SIX_TO_FOUR or ip in TEREDO:
        return False
    return ip.is_global


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """A shop's own hosts and networks, which may be requested although they are not public."""

    hosts: frozenset[str] = frozenset()  # "name" or "name:port"
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "AllowedHosts":
        """Parses the setting: names, name:port, IP addresses and networks, separated by commas.

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
                        f"LOOKALIKE_FETCH_HOSTS: {entry!r} is not a host, host:port or network "
                        "such as images.shop.example, localhost:8080 or 10.1.0.0/16."
                    ) from None
                hosts.add(entry.replace("[", "").replace("]", ""))
        return cls(frozenset(hosts), tuple(networks))

    def allows_host(self, host: str, port: int) -> bool:
        """Whether the host is listed, with or without this port."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def allows_ip(self, ip: IP) -> bool:
        """Whether the IP address is in a listed network."""
        return any(ip in network for network in self.networks)


Resolve = Callable[[str, int], Sequence[str]]


def resolve_by_system(host: str, port: int) -> list[str]:
    """Every IP address of a host, as text.

    Raises:
        OSError: the host is not found.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class SafeResolver:
    """Resolves hosts to IP addresses, and refuses addresses that are neither public nor allowed.

    This keeps a feed from making us request internal services (server-side request forgery).
    """

    def __init__(self, allowed: AllowedHosts, resolve: Resolve = resolve_by_system) -> None:
        self._allowed = allowed
        self._resolve = resolve

    def resolve(self, host: str, port: int) -> list[str]:
        """The checked IP addresses of a host. Connect to these: the name may resolve anew.

        Raises:
            FetchError: with code ``dns``, or ``not_public`` if any of its addresses is not.
        """
        try:
            listed = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError("dns", f"The host {host} was not found: {error}.") from error
        if not listed:
            raise FetchError("dns", f"The host {host} has no address.")
        trusted = self._allowed.allows_host(host, port)
        for text in listed:
            ip = _ip(text)
            if ip is not None and (trusted or is_public(ip) or self._allowed.allows_ip(ip)):
                continue
            raise FetchError(
                "not_public",
                f"{host} resolves to {text}, which is not a public address. If it is your own "
                "host, add it to LOOKALIKE_FETCH_HOSTS.",
            )
        return list(listed)


def _ip(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _invalid(text: str, why: str) -> FetchError:
    shown = text.partition("?")[0]
    shown = re.sub(r"//[^/]*@", "//…@", shown)
    return FetchError("address", f"{shown[:200]!r} is not an address that can be fetched: {why}.")
