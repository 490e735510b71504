"""Countries by address, from a MaxMind-format file, for clicks whose edge knew none; and continents by country."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import maxminddb
import structlog

_log = structlog.get_logger(__name__)

_COUNTRIES = {
    "AF": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG"
    " RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    "AN": "AQ BV GS HM TF",
    "AS": "AE AF AM AZ BD BH BN BT CC CN CX CY GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM"
    " PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    "EU": "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL"
    " NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    "NA": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US"
    " VC VG VI",
    "OC": "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
    "SA": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}
CONTINENTS = {country: continent for continent, countries in _COUNTRIES.items() for country in countries.split()}


class GeoFile:
    """Looks countries up. Without a file every country is unknown."""

    def __init__(self, path: Path | None) -> None:
        self._reader: maxminddb.Reader | None = None
        self.version = "none"
        if path is not None and path.is_file():
            self._reader = maxminddb.open_database(str(path))
            built = datetime.fromtimestamp(self._reader.metadata().build_epoch, UTC)
            self.version = f"{path.stem} {built:%Y-%m-%d}"
        else:
            _log.info("no_geo_file", path=str(path))
        self.country = lru_cache(maxsize=50_000)(self._look_up)

    def _look_up(self, ip: str) -> str:
        if self._reader is None:
            return ""
        try:
            found = self._reader.get(ip)
        except ValueError:  # no address, or IPv6 in a file without
            return ""
        if not isinstance(found, dict):
            return ""
        # dbip-country and the like are flat; MaxMind's own files are not.
        code = found.get("country_code")
        if code is None and isinstance(found.get("country"), dict):
            code = found["country"].get("iso_code")  # type: ignore[union-attr]  # just checked
        return code if isinstance(code, str) else ""

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
