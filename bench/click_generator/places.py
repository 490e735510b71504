"""Where visitors are: cities with their country, their clock and how many clicks come from there."""

from typing import NamedTuple


class Place(NamedTuple):
    """`hours` is the offset of its standard time from UTC; daylight saving is left out."""

    weight: int
    hours: int
    country: str
    region: str
    city: str
    continent: str
    latitude: str
    longitude: str
    timezone: str
    language: str

    @property
    def network(self) -> str:
        """A made-up provider, one a country."""
        return f"Example Telecom {self.country}"

    @property
    def asn(self) -> int:
        """Its number, out of the range for private use."""
        return 64512 + sum(map(ord, self.country))


_LINES = """
90 -5 US NY New_York NA 40.71 -74.01 America/New_York en-US
70 -8 US CA Los_Angeles NA 34.05 -118.24 America/Los_Angeles en-US
50 -6 US IL Chicago NA 41.88 -87.63 America/Chicago en-US
45 -6 US TX Houston NA 29.76 -95.37 America/Chicago en-US
25 -7 US CO Denver NA 39.74 -104.99 America/Denver en-US
30 -8 US WA Seattle NA 47.61 -122.33 America/Los_Angeles en-US
25 -5 CA ON Toronto NA 43.65 -79.38 America/Toronto en-CA
12 -8 CA BC Vancouver NA 49.28 -123.12 America/Vancouver en-CA
22 -6 MX CMX Mexico_City NA 19.43 -99.13 America/Mexico_City es-MX
55 -3 BR SP São_Paulo SA -23.55 -46.63 America/Sao_Paulo pt-BR
20 -3 BR RJ Rio_de_Janeiro SA -22.91 -43.17 America/Sao_Paulo pt-BR
14 -3 AR C Buenos_Aires SA -34.60 -58.38 America/Argentina/Buenos_Aires es-AR
10 -5 CO DC Bogotá SA 4.71 -74.07 America/Bogota es-CO
8 -4 CL RM Santiago SA -33.45 -70.67 America/Santiago es-CL
75 0 GB ENG London EU 51.51 -0.13 Europe/London en-GB
18 0 GB ENG Manchester EU 53.48 -2.24 Europe/London en-GB
10 0 IE L Dublin EU 53.35 -6.26 Europe/Dublin en-IE
40 1 DE BE Berlin EU 52.52 13.41 Europe/Berlin de-DE
30 1 DE BY Munich EU 48.14 11.58 Europe/Berlin de-DE
20 1 DE HH Hamburg EU 53.55 9.99 Europe/Berlin de-DE
45 1 FR IDF Paris EU 48.86 2.35 Europe/Paris fr-FR
14 1 FR ARA Lyon EU 45.76 4.84 Europe/Paris fr-FR
25 1 ES MD Madrid EU 40.42 -3.70 Europe/Madrid es-ES
16 1 ES CT Barcelona EU 41.39 2.17 Europe/Madrid ca-ES
24 1 IT 25 Milan EU 45.46 9.19 Europe/Rome it-IT
14 1 IT 62 Rome EU 41.90 12.50 Europe/Rome it-IT
26 1 NL NH Amsterdam EU 52.37 4.90 Europe/Amsterdam nl-NL
12 1 SE AB Stockholm EU 59.33 18.07 Europe/Stockholm sv-SE
20 1 PL 14 Warsaw EU 52.23 21.01 Europe/Warsaw pl-PL
8 1 CH ZH Zurich EU 47.37 8.54 Europe/Zurich de-CH
12 2 UA 30 Kyiv EU 50.45 30.52 Europe/Kyiv uk-UA
18 3 TR 34 Istanbul AS 41.01 28.98 Europe/Istanbul tr-TR
6 2 EG C Cairo AF 30.04 31.24 Africa/Cairo ar-EG
12 1 NG LA Lagos AF 6.52 3.38 Africa/Lagos en-NG
10 3 KE 110 Nairobi AF -1.29 36.82 Africa/Nairobi en-KE
10 2 ZA GP Johannesburg AF -26.20 28.05 Africa/Johannesburg en-ZA
12 4 AE DU Dubai AS 25.20 55.27 Asia/Dubai ar-AE
60 5 IN MH Mumbai AS 19.08 72.88 Asia/Kolkata en-IN
45 5 IN KA Bengaluru AS 12.97 77.59 Asia/Kolkata en-IN
30 7 ID JK Jakarta AS -6.21 106.85 Asia/Jakarta id-ID
16 7 VN SG Ho_Chi_Minh_City AS 10.82 106.63 Asia/Ho_Chi_Minh vi-VN
14 8 PH 00 Manila AS 14.60 120.98 Asia/Manila en-PH
18 8 SG 01 Singapore AS 1.35 103.82 Asia/Singapore en-SG
45 9 JP 13 Tokyo AS 35.68 139.69 Asia/Tokyo ja-JP
15 9 JP 27 Osaka AS 34.69 135.50 Asia/Tokyo ja-JP
22 9 KR 11 Seoul AS 37.57 126.98 Asia/Seoul ko-KR
20 10 AU NSW Sydney OC -33.87 151.21 Australia/Sydney en-AU
14 10 AU VIC Melbourne OC -37.81 144.96 Australia/Melbourne en-AU
6 12 NZ AUK Auckland OC -36.85 174.76 Pacific/Auckland en-NZ
"""


def _place(line: str) -> Place:
    weight, hours, *words = line.split()
    country, region, city, *rest = words
    return Place(int(weight), int(hours), country, region, city.replace("_", " "), *rest)


PLACES = [_place(line) for line in _LINES.strip().splitlines()]
