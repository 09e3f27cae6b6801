"""The chart of accounts and the invented names that made-up companies share.

Account names and numbers follow BAS; SRU codes are those of form INK2R. Every company, person and place
here is invented, and organization numbers lie in 4999xx, a group that no legal form in Sweden uses.
"""

from __future__ import annotations

from sandbox.books import Account

_ACCOUNTS: tuple[tuple[int, str, int, str | None], ...] = (
    (1220, "Inventarier och verktyg", 7215, None),
    (1229, "Ackumulerade avskrivningar på inventarier och verktyg", 7215, None),
    (1250, "Datorer", 7215, None),
    (1460, "Lager av handelsvaror", 7243, None),
    (1510, "Kundfordringar", 7251, None),
    (1519, "Nedskrivning av kundfordringar", 7251, None),
    (1630, "Avräkning för skatter och avgifter (skattekonto)", 7261, None),
    (1650, "Momsfordran", 7261, None),
    (1710, "Förutbetalda hyreskostnader", 7263, None),
    (1790, "Övriga förutbetalda kostnader och upplupna intäkter", 7263, None),
    (1910, "Kassa", 7281, None),
    (1930, "Företagskonto/checkkonto/affärskonto", 7281, None),
    (1940, "Övriga bankkonton", 7281, None),
    (2081, "Aktiekapital", 7301, None),
    (2091, "Balanserad vinst eller förlust", 7302, None),
    (2098, "Vinst eller förlust från föregående år", 7302, None),
    (2099, "Årets resultat", 7302, None),
    (2350, "Andra långfristiga skulder till kreditinstitut", 7352, None),
    (2440, "Leverantörsskulder", 7365, None),
    (2510, "Skatteskulder", 7368, None),
    (2611, "Utgående moms på försäljning inom Sverige, 25 %", 7369, "U1"),
    (2614, "Utgående moms, omvänd skattskyldighet, 25 %", 7369, None),
    (2621, "Utgående moms på försäljning inom Sverige, 12 %", 7369, "U2"),
    (2631, "Utgående moms på försäljning inom Sverige, 6 %", 7369, "U3"),
    (2641, "Debiterad ingående moms", 7369, "I"),
    (2645, "Beräknad ingående moms på förvärv från utlandet", 7369, None),
    (2650, "Redovisningskonto för moms", 7369, "R2"),
    (2710, "Personalskatt", 7369, None),
    (2731, "Avräkning lagstadgade sociala avgifter", 7369, None),
    (2890, "Övriga kortfristiga skulder", 7369, None),
    (2970, "Förutbetalda intäkter", 7370, None),
    (2990, "Övriga upplupna kostnader och förutbetalda intäkter", 7370, None),
    (3001, "Försäljning inom Sverige, 25 % moms", 7410, "MP1"),
    (3002, "Försäljning inom Sverige, 12 % moms", 7410, "MP2"),
    (3003, "Försäljning inom Sverige, 6 % moms", 7410, "MP3"),
    (3004, "Försäljning inom Sverige, momsfri", 7410, "MF"),
    (3108, "Försäljning varor till annat EU-land, momsfri", 7410, None),
    (3740, "Öres- och kronutjämning", 7410, None),
    (3960, "Valutakursvinster på fordringar och skulder av rörelsekaraktär", 7413, None),
    (4010, "Inköp av handelsvaror i Sverige", 7511, None),
    (4515, "Inköp av varor från annat EU-land, 25 %", 7511, None),
    (5010, "Lokalhyra", 7513, None),
    (5020, "El för belysning", 7513, None),
    (5060, "Städning och renhållning", 7513, None),
    (5410, "Förbrukningsinventarier", 7513, None),
    (5420, "Programvaror", 7513, None),
    (5460, "Förbrukningsmaterial", 7513, None),
    (5611, "Drivmedel för personbilar", 7513, None),
    (5710, "Frakter, transporter och försäkringar vid varudistribution", 7513, None),
    (5810, "Biljetter", 7513, None),
    (5831, "Kost och logi i Sverige", 7513, None),
    (5910, "Annonsering", 7513, None),
    (6040, "Kontokortsavgifter", 7513, None),
    (6110, "Kontorsmateriel", 7513, None),
    (6212, "Mobiltelefon", 7513, None),
    (6230, "Datakommunikation", 7513, None),
    (6250, "Postbefordran", 7513, None),
    (6310, "Företagsförsäkringar", 7513, None),
    (6530, "Redovisningstjänster", 7513, None),
    (6540, "IT-tjänster", 7513, None),
    (6550, "Konsultarvoden", 7513, None),
    (6570, "Bankkostnader", 7513, None),
    (6970, "Tidningar, tidskrifter och facklitteratur", 7513, None),
    (6991, "Övriga externa kostnader, avdragsgilla", 7513, None),
    (7210, "Löner till tjänstemän", 7514, None),
    (7510, "Arbetsgivaravgifter", 7514, None),
    (7690, "Övriga personalkostnader", 7514, None),
    (7832, "Avskrivningar på inventarier och verktyg", 7515, None),
    (7960, "Valutakursförluster på fordringar och skulder av rörelsekaraktär", 7517, None),
    (8310, "Ränteintäkter från omsättningstillgångar", 7417, None),
    (8410, "Räntekostnader för långfristiga skulder", 7522, None),
    (8422, "Dröjsmålsräntor för leverantörsskulder", 7522, None),
    (8910, "Skatt som belastar årets resultat", 7528, None),
    (8999, "Årets resultat", 7450, None),
)
_INACTIVE = {1519, 3004, 5420}

FIRST_PARTS = (
    "Björkängens", "Sagobackens", "Trollskogens", "Lingonåsens", "Månskärets", "Påhittade", "Älvdansens",
    "Låtsasbyns", "Fabulerande", "Snöflingans", "Östanvindens", "Västanåns", "Stjärnfallets",
    "Blåbärsmossens", "Regnbågens", "Ekorrtassens", "Höghöjdens", "Rävlyans", "Solgläntans", "Tomtebo",
    "Vinterdvalans", "Åskmolnets", "Ängsullens", "Öbackens", "Kantarellens", "Norrskenets", "Hittepå",
    "Drömhamnens",
)  # fmt: skip
SECOND_PARTS = (
    "Måleri", "Bygg", "Bageri", "Fastigheter", "Elservice", "Rör & Värme", "Möbler", "Konsult", "Trädgård",
    "Åkeri", "Kaffebar", "Tryckeri", "Grossist", "Plåtslageri", "Städservice", "Redovisning", "Data",
    "Reklam", "Verkstad", "Hotell", "Bokhandel", "Fiskrökeri", "Glasmästeri", "Snickeri", "Skog & Mark",
    "Förlag",
)  # fmt: skip
FORMS = ("AB", "AB", "AB", "HB", "Ekonomisk förening", "i Exempelby AB", "& Söner AB")
CITIES = (
    ("100 01", "Exempelby"), ("200 02", "Påhittköping"), ("300 03", "Låtsasborg"),
    ("400 04", "Övre Sagomåla"), ("500 05", "Hittepåsund"), ("600 06", "Ängadröm"),
)  # fmt: skip
STREETS = ("Provgatan", "Testvägen", "Övningsstigen", "Modellgränd", "Mönstertorget")
COST_CENTERS = (("10", "Butik"), ("20", "Verkstad"), ("30", "Kontor och ledning"), ("LAG", "Lager och frakt"))
PROJECT_NAMES = (
    "Ny webbplats", "Ombyggnad norra flygeln", "Mässan i Exempelby", "Utredning åt kommunen", "Kampanj våren",
    "Kampanj hösten", "Flytt av lager", "Certifiering", "Skärgårdsprojektet", "Serviceavtal öst",
    "Serviceavtal väst", "Produktlansering Älgen",
)  # fmt: skip
ARTICLES = (
    ("Hylla", "st", 25, "STOCK"), ("Arbetsbänk", "st", 25, "STOCK"), ("Verktygslåda", "st", 25, "STOCK"),
    ("Konsulttimme", "h", 25, "SERVICE"), ("Montering", "h", 25, "SERVICE"),
    ("Skruvsats", "förp", 25, "STOCK"), ("Lampa", "st", 25, "STOCK"),
    ("Serviceavtal", "st", 25, "SERVICE"), ("Fruktkorg", "st", 12, "STOCK"),
    ("Kaffe", "förp", 12, "STOCK"), ("Handbok", "st", 6, "STOCK"), ("Tidskrift", "st", 6, "STOCK"),
)  # fmt: skip
PRICE_LISTS = (("A", "Ordinarie priser"), ("B", "Återförsäljare"))


def chart_of_accounts() -> dict[int, Account]:
    """A fresh copy of the chart, by account number."""
    return {
        number: Account(number, name, sru, vat_code, number not in _INACTIVE)
        for number, name, sru, vat_code in _ACCOUNTS
    }


def organization_number(serial: int) -> str:
    """An invented organization number "4999NN-NNNC" with its right Luhn digit; ``serial`` below 100,000."""
    digits = f"4999{serial % 100_000:05d}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    check = -sum(number // 10 + number % 10 for number in doubled) % 10
    return f"{digits[:6]}-{digits[6:]}{check}"
