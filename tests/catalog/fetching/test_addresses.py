"""Only http(s) addresses on public or allowed hosts are requested, however they are written."""

import ipaddress
import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.errors import FetchError, SettingsError
from catalog.fetching.addresses import (
    AllowedHosts,
    SafeResolver,
    is_address,
    is_public,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("http://Shop.Example/a b.jpg", "http://shop.example/a%20b.jpg"),
        (" https://shop.example:443/a.jpg#top ", "https://shop.example/a.jpg"),
        ("http://shop.example", "http://shop.example/"),
        ("HTTP://shop.example:8080/ä?q=ü&x=%20", "http://shop.example:8080/%C3%A4?q=%C3%BC&x=%20"),
        ("https://münchen.example./a", "https://xn--mnchen-3ya.example/a"),
        ("http://[2606:4700::1]:81/a", "http://[2606:4700::1]:81/a"),
        ("http://shop.example//a.jpg", "http://shop.example/.//a.jpg"),
    ],
)
def test_addresses_are_normalised(text, same):
    assert str(parse_address(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "ftp://shop.example/a.jpg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://user:secret@shop.example/a.jpg",
        "http://secret@shop.example/a.jpg",
        "http://@shop.example/a.jpg",
        "http://public.example\\@127.0.0.1/",
        "http://shop.example/a\r\nHost: other",
        "http://shop.example/\x00",
        "http://sh op.example/a",
        "http:///a.jpg",
        "http://shop.example:0/",
        "http://shop.example:99999/",
        "http://shop.example:port/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://" + "a" * 70 + ".example-" + "ü" * 70,
        "http://shop.example/" + "a" * 4_000,
    ],
)
def test_invalid_addresses(text):
    with pytest.raises(FetchError) as caught:
        parse_address(text)
    assert caught.value.code == "address"
    assert "secret" not in str(caught.value) and len(str(caught.value)) < 400


def test_an_error_does_not_show_the_query():
    with pytest.raises(FetchError) as caught:
        parse_address("ftp://shop.example/feed?token=secret")
    assert "secret" not in str(caught.value)
    assert "secret" not in parse_address("http://shop.example/feed?token=secret").shown


def test_redirects_are_relative_to_the_redirecting_address():
    base = parse_address("https://shop.example:8443/a/b.jpg?x")
    assert str(parse_address("../c.jpg", base)) == "https://shop.example:8443/c.jpg"
    assert str(parse_address("//other.example/c", base)) == "https://other.example/c"
    with pytest.raises(FetchError):
        parse_address("file:///etc/passwd", base)


def test_paths_are_not_addresses():
    for path in ("a.jpg", "/a.jpg", "C:\\a.jpg", "a:b.jpg", "photos//a.jpg", "1http://x"):
        assert not is_address(path)
    assert is_address("HTTPS://x/a") and is_address("s3://bucket/a")


SPECIAL_V4 = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]
SPECIAL_V6 = [
    "::",
    "::1",
    "100::1",
    "2001:db8::1",
    "2001::1",
    "2002:808:808::1",  # 6to4, whatever is in it
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "::808:808",  # the compatible form of 8.8.8.8
    "::ffff:8.8.8.8",  # no resolver returns this for a public host
]


@pytest.mark.parametrize("text", [*SPECIAL_V4, *SPECIAL_V6])
def test_special_addresses_are_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", SPECIAL_V4)
@pytest.mark.parametrize("prefix", ["::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "::"])
def test_special_addresses_inside_of_ipv6_are_not_public(prefix, text):
    packed = int(ipaddress.IPv6Address(prefix)) | int(ipaddress.IPv4Address(text))
    assert not is_public(ipaddress.IPv6Address(packed))


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700::1", "64:ff9b::8.8.8.8"])
def test_public_addresses(text):
    assert is_public(ipaddress.ip_address(text))


NETWORKS_V4 = [ipaddress.ip_network(f"{text}/16", strict=False) for text in SPECIAL_V4]


@given(
    st.one_of(
        st.ip_addresses(v=4),
        st.sampled_from(NETWORKS_V4).flatmap(lambda net: st.ip_addresses(network=net)),
    )
)
@example(ipaddress.IPv4Address("100.127.255.255"))
def test_ipv4_agrees_with_the_registry(ip):
    """What Python takes for global, except addresses that no web server has."""
    relay = ipaddress.ip_network("192.88.99.0/24")
    assert is_public(ip) == (ip.is_global and not ip.is_multicast and ip not in relay)


@given(st.one_of(st.ip_addresses(v=6), st.ip_addresses(network="2000::/3")))
def test_ipv6_is_never_wider_than_the_registry(ip):
    if is_public(ip):
        assert ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_site_local
        assert ip.ipv4_mapped is None and ip.sixtofour is None and ip.teredo is None


@given(st.ip_addresses(v=4))
def test_nat64_is_as_public_as_the_embedded_address(ip):
    packed = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(ip))
    assert is_public(packed) == is_public(ip)


def resolver_of(allowed: str = "", **hosts) -> SafeResolver:
    """A resolver that knows these hosts."""

    def resolve(host, port):
        if host not in hosts:
            raise socket.gaierror(-2, "Name or service not known")
        return hosts[host]

    return SafeResolver(AllowedHosts.parse(allowed), resolve)


def code_of(checked, host, port=80):
    with pytest.raises(FetchError) as caught:
        checked.resolve(host, port)
    return caught.value.code


def test_every_address_of_a_host_must_be_public():
    checked = resolver_of(
        good=["8.8.8.8", "2606:4700::1"], mixed=["8.8.8.8", "10.0.0.1"], odd=["x"]
    )
    assert checked.resolve("good", 80) == ["8.8.8.8", "2606:4700::1"]
    assert code_of(checked, "mixed") == "not_public"
    assert code_of(checked, "odd") == "not_public"
    assert code_of(checked, "unknown") == "dns"
    assert code_of(resolver_of(none=[]), "none") == "dns"
    assert code_of(resolver_of(zone=["fe80::1%eth0"]), "zone") == "not_public"


@pytest.mark.parametrize("text", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_this_machine(text):
    """The system resolves all of them to 127.0.0.1, so the resolved address is checked."""
    assert code_of(SafeResolver(AllowedHosts.parse("")), text) == "not_public"


def test_a_shop_may_allow_its_own_hosts():
    hosts = {"img": ["10.0.0.1"], "cdn": ["10.0.0.2"], "v6": ["fd00::1"]}
    assert resolver_of("IMG", **hosts).resolve("img", 80) == ["10.0.0.1"]
    assert code_of(resolver_of("img", **hosts), "cdn") == "not_public"
    assert resolver_of("img:8080", **hosts).resolve("img", 8080) == ["10.0.0.1"]
    assert code_of(resolver_of("img:8080", **hosts), "img", 80) == "not_public"
    assert resolver_of("10.0.0.0/30, fd00::/8", **hosts).resolve("cdn", 80) == ["10.0.0.2"]
    assert resolver_of("fd00::1", **hosts).resolve("v6", 80) == ["fd00::1"]
    assert code_of(resolver_of("10.0.0.2", **hosts), "img") == "not_public"


@pytest.mark.parametrize("text", ["http://img/", "img/photos", "10.0.0.0/99", "a b"])
def test_an_invalid_list_of_hosts_is_an_error(text):
    with pytest.raises(SettingsError, match="LOOKALIKE_FETCH_HOSTS"):
        AllowedHosts.parse(text)
