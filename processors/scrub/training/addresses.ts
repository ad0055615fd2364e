import type { Chance } from "./random.ts";

/** Postal addresses of many countries, as people write them. */
export interface AddressWords {
  /** A street by its name, of any country. */
  readonly street: () => string;
  readonly family: () => string;
  readonly given: () => string;
  /** A city, real or made up. */
  readonly city: () => string;
  readonly country: () => string;
  readonly word: () => string;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);
const lines = (text: string): readonly string[] => text.trim().split(/\s*\/\s*/);

const US_STATES = words(
  "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC",
);
const STATE_NAMES = lines(
  "California / New York / Texas / Florida / Ohio / North Carolina / Washington / Massachusetts / New Jersey / Nebraska / Vermont / Iowa / Utah / Oregon / Maine / West Virginia",
);
const CA_PROVINCES = words("ON QC BC AB MB NS NB SK NL PE");
const AU_STATES = words("NSW VIC QLD WA SA TAS ACT NT");
const US_STREETS = words(
  "St St. Street Ave Ave. Avenue Rd Rd. Road Ln Lane Dr Dr. Drive Blvd Boulevard Ct Court Way Pl Place Terrace Circle Cir Trail Pkwy Parkway Square Hwy Plaza Alley Loop Run Pike Row Path Bend Trace Cove Ridge Point Pass Crossing Crossroad Hollow Meadow Meadows Glen Grove Hill Hills Knoll Lake Lakes Landing Light Manor Mall Mill Mission Mountain Neck Oval Park Passage Pine Plain Plains Port Prairie Ramp Ranch Rapid Rest Route Shoal Shore Spring Springs Spur Station Stravenue Stream Summit Throughway Track Trafficway Tunnel Turnpike Underpass Union Unions Valley Via Viaduct View Village Ville Vista Walk Wall Well Wells Bypass Causeway Center Cliff Club Common Corner Course Creek Crescent Curve Dale Dam Divide Estate Expressway Extension Falls Ferry Field Flat Ford Forest Forge Fork Fort Freeway Garden Gateway Green Harbor Haven Heights Highway Inlet Island Isle Junction Key Keys Lock Lodge Motorway",
);
const UK_STREETS = words(
  "Road Street Lane Close Terrace Gardens Avenue Drive Court Crescent Mews Square Hill Grove Way Row Walk Rise View Green Park Place",
);
const STREET_NOUNS = words(
  "Main Oak Maple Pine Cedar Elm Church High Station Park Mill Lake River Hill Spring Washington Lincoln Jefferson Market King Queen Victoria Broad Union School College Chestnut Walnut Sunset Highland Forest Meadow Willow Cherry Ridge Center Front Second Third Fourth First North South",
);
const DE_STEMS = words(
  "Haupt Bahnhof Schul Garten Kirch Linden Berg Wald Ring Dorf Post Mühlen Wiesen Birken Rosen Schiller Goethe Mozart Beethoven Friedrich Wilhelm Kaiser König Markt Feld Sonnen Eichen Buchen Ahorn Tannen Fichten Neu Alt Ober Unter Hoch Stein",
);
const DE_ENDINGS = words("straße strasse str. weg gasse allee platz damm ring ufer hof steig");
const FR_NAMES = lines(
  "de la Paix / du Moulin / des Roses / de l'Église / Jean Jaurès / Voltaire / Gambetta / de Verdun / du Château / des Écoles / Saint-Michel / de Paris / de la Gare / Émile Zola / du Stade / d'Alsace / de Bretagne / des Tilleuls / Molière / du Faubourg",
);
const FR_STREETS = words("rue Rue avenue Avenue boulevard Boulevard bd chemin Chemin place Place allée impasse quai cours route");
const ES_STREETS = words("Calle calle C/ Avenida Avda. Av. Paseo Plaza Camino Carretera Ronda Travesía");
const ES_NAMES = lines(
  "Mayor / de Alcalá / Gran Vía / del Sol / San Juan / de la Constitución / Real / Nueva / de la Libertad / Santa Ana / del Carmen / Reforma / Insurgentes Sur / 5 de Mayo / de los Reyes",
);
const IT_STREETS = words("Via via Viale Piazza Corso Vicolo Largo Strada");
const IT_NAMES = lines(
  "Roma / Garibaldi / Giuseppe Verdi / Dante Alighieri / XX Settembre / della Libertà / Nazionale / dei Mille / San Marco / Vittorio Emanuele / del Corso / Mazzini / Cavour",
);
const PT_STREETS = words("Rua rua R. Avenida Av. Travessa Praça Alameda Estrada Rodovia");
const PT_NAMES = lines(
  "das Flores / Sete de Setembro / da Liberdade / Augusta / São João / do Comércio / XV de Novembro / Dom Pedro II / das Palmeiras / Brasil / Paulista",
);
const NL_STEMS = words(
  "Kerk Dorps School Molen Station Beatrix Wilhelmina Julianapark Prinsen Heren Keizers Linden Beuken Eiken Kastanje Markt Haven Nieuw Oude Zuid Noord",
);
const NL_ENDINGS = words("straat laan weg plein gracht kade singel dreef steeg");
const NORDIC_STEMS = words(
  "Stor Kyrko Drottning Kungs Skol Björk Ås Berg Sjö Strand Vester Øster Nørre Sønder Skog Havne Kirke Møller Hamn Gran Lille Hol Tung Kaupang Hafnar Lauga Bakka Marie Linn Koivu Mänty Kauppa Asema",
);
const NORDIC_ENDINGS = words(
  "gatan vägen gata gate gaten veien vegen vej gade allé bakken katu kuja tie stræti vegur braut gränd stigen torget",
);
const PL_NAMES = words(
  "Długa Kwiatowa Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Mickiewicza Kościuszki Piłsudskiego Północna Zielona Mostowa",
);
const CZ_NAMES = words("Dlouhá Krátká Nádražní Školní Zahradní Husova Palackého Komenského Masarykova Smetanova Dašická Polní Lipová");
const HU_NAMES = words("Kossuth Petőfi Rákóczi Ady Dózsa Széchenyi Arany Bartók Béke Szabadság");
const TR_NAMES = words("Atatürk Cumhuriyet İstiklal Bağdat İnönü Gazi Barış Çiçek Lale Menekşe Fatih");
const BALKAN_NAMES = words(
  "Dalmatinova Prešernova Trubarjeva Slovenska Cankarjeva Ilica Vukovarska Savska Maksimirska Gundulićeva Kneza Balkanska Njegoševa Cesta Ulica",
);
const INDIAN_PLACES = lines(
  "MG Road / Nehru Nagar / Gandhi Marg / Park Street / Brigade Road / Lajpat Nagar / Banjara Hills / Anna Salai / Linking Road / Sector 14 / Civil Lines / Model Town / Indira Nagar / Koramangala 5th Block",
);
const GREEK_NAMES = lines(
  "Ermou / Solonos / Leoforos Alexandras / Patision / Agiou Dimitriou / Iroon Polytechniou / Egnatia / Tsimiski / Πανεπιστημίου / Οδός Ερμού / Σταδίου",
);
const RUSSIAN_NAMES = lines(
  "ul. Lenina / ul. Pushkina / prospekt Mira / Nevsky prospekt / ул. Ленина / проспект Мира / ул. Гагарина / Tverskaya ulitsa",
);
const DIRECTIONS = words("N S E W NE NW SE SW North South East West");

/** `#` a digit, `?` a capital letter. */
function filled(chance: Chance, pattern: string): string {
  return pattern.replace(/[#?]/g, (sign) => (sign === "#" ? String(chance.whole(0, 9)) : chance.letter("ABCDEFGHJKLMNPRSTUVWXYZ")));
}

const houseNumber = (chance: Chance): string => String(chance.pick([chance.whole(1, 99), chance.whole(1, 999), chance.whole(100, 99999)]));
const smallNumber = (chance: Chance): string =>
  `${chance.whole(1, 250)}${chance.often(0.2) ? chance.pick(["a", "b", "c", "d", "A", "B", "C", "-3", "/2", " bis"]) : ""}`;
const unit = (chance: Chance): string =>
  chance.pick([
    `Apt ${chance.whole(1, 99)}`,
    `Apt. ${chance.whole(1, 999)}`,
    `Suite ${chance.whole(1, 999)}`,
    `Unit ${chance.whole(1, 40)}`,
    `#${chance.whole(1, 500)}`,
    `Flat ${chance.whole(1, 40)}${chance.pick(["", "A", "B"])}`,
    `Floor ${chance.whole(1, 30)}`,
    `Apt ${chance.whole(1, 30)}${chance.letter("ABC")}`,
    `Ste. ${chance.whole(1, 999)}`,
    `Apartment ${chance.whole(1, 99)}`,
  ]);

interface Parts {
  readonly street: string;
  /** Lines after the street. */
  readonly rest: readonly string[];
}

type Country = (chance: Chance, from: AddressWords) => Parts;

const streetName = (chance: Chance, from: AddressWords): string =>
  chance.pick([from.family, from.family, from.given, () => chance.pick(STREET_NOUNS), () => `${from.given()} ${from.family()}`])();

const COUNTRIES: readonly Country[] = [
  ...Array<Country>(5).fill((chance, from) => {
    const name = chance.often(0.1) ? `${chance.whole(1, 99)}${chance.pick(["th", "st", "nd", "rd"])}` : streetName(chance, from);
    const street = `${houseNumber(chance)} ${chance.often(0.15) ? `${chance.pick(DIRECTIONS)} ` : ""}${name} ${chance.pick(US_STREETS)}`;
    const state = chance.often(0.25) ? chance.pick(STATE_NAMES) : chance.pick(US_STATES);
    const zip = filled(chance, chance.often(0.15) ? "#####-####" : "#####");
    return {
      street: chance.often(0.35) ? `${street}${chance.pick([", ", " "])}${unit(chance)}` : street,
      rest: [`${from.city()}, ${state} ${zip}`, ...(chance.often(0.15) ? [chance.pick(["USA", "United States", from.country()])] : [])],
    };
  }),
  (chance, from) => ({
    street: `${houseNumber(chance)} ${streetName(chance, from)} ${chance.pick(US_STREETS)}`,
    rest: [`${from.city()}, ${chance.pick(CA_PROVINCES)} ${filled(chance, "?#? #?#")}`, ...(chance.often(0.3) ? ["Canada"] : [])],
  }),
  (chance, from) => ({
    street: `${chance.often(0.3) ? `${unit(chance)}, ` : ""}${smallNumber(chance)} ${streetName(chance, from)} ${chance.pick(UK_STREETS)}`,
    rest: [
      chance.often(0.2)
        ? `${streetName(chance, from)} Bay ${chance.pick(AU_STATES)} ${filled(chance, "####")}`
        : `${from.city()} ${chance.pick(AU_STATES)} ${filled(chance, "####")}`,
    ],
  }),
  ...Array<Country>(3).fill((chance, from) => {
    const postcode = filled(chance, chance.pick(["??# #??", "??## #??", "?# #??", "?## #??", "??#? #??"]));
    const street = `${smallNumber(chance)} ${streetName(chance, from)} ${chance.pick(UK_STREETS)}`;
    return {
      street: chance.often(0.2) ? `Flat ${chance.whole(1, 40)}, ${street}` : street,
      rest: chance.pick([[`${from.city()} ${postcode}`], [from.city(), postcode], [`${from.city()}, ${postcode}`]]),
    };
  }),
  ...Array<Country>(3).fill((chance, from) => ({
    street: `${chance.pick([() => chance.pick(DE_STEMS) + chance.pick(DE_ENDINGS), () => `${from.family()}${chance.pick(DE_ENDINGS)}`, () => `${from.family()}-Straße`, () => `Am ${chance.pick(DE_STEMS)}${chance.pick(["platz", "weg", "berg"])}`, () => `${from.given()}-${from.family()}-Straße`, () => `An der ${chance.pick(DE_STEMS)}mühle`])()} ${smallNumber(chance)}`,
    rest: [
      `${chance.often(0.1) ? chance.pick(["D-", "A-", "CH-"]) : ""}${filled(chance, chance.pick(["#####", "#####", "####"]))} ${from.city()}`,
      ...(chance.often(0.15) ? [chance.pick(["Deutschland", "Germany", "Österreich", "Schweiz"])] : []),
    ],
  })),
  ...Array<Country>(3).fill((chance, from) => ({
    street: `${smallNumber(chance)}${chance.pick([" ", ", ", " bis "])}${chance.pick(FR_STREETS)} ${chance.pick([() => chance.pick(FR_NAMES), () => `${from.given()} ${from.family()}`, () => `du ${from.family()}`])()}`,
    rest: [`${filled(chance, "#####")} ${from.city()}${chance.often(0.1) ? " Cedex" : ""}`, ...(chance.often(0.1) ? ["France"] : [])],
  })),
  ...Array<Country>(3).fill((chance, from) => ({
    street: `${chance.pick(ES_STREETS)} ${chance.pick([() => chance.pick(ES_NAMES), () => `${from.given()} ${from.family()}`, from.family])()}${chance.pick([", ", " ", ", nº ", " #"])}${smallNumber(chance)}${chance.often(0.3) ? `, ${chance.whole(1, 9)}º ${chance.letter("ABCD")}` : ""}`,
    rest: [`${filled(chance, "#####")} ${from.city()}`, ...(chance.often(0.1) ? [chance.pick(["España", "México"])] : [])],
  })),
  ...Array<Country>(2).fill((chance, from) => ({
    street: `${chance.pick(IT_STREETS)} ${chance.pick([() => chance.pick(IT_NAMES), () => `${from.given()} ${from.family()}`])()}${chance.pick([", ", " "])}${smallNumber(chance)}`,
    rest: [`${filled(chance, "#####")} ${from.city()}${chance.often(0.4) ? ` ${filled(chance, chance.often(0.5) ? "(??)" : "??")}` : ""}`],
  })),
  ...Array<Country>(2).fill((chance, from) => ({
    street: `${chance.pick(PT_STREETS)} ${chance.pick([() => chance.pick(PT_NAMES), () => `${from.given()} ${from.family()}`])()}${chance.pick([", ", ", nº ", " "])}${chance.whole(1, 3000)}${chance.often(0.3) ? chance.pick([", apto 32", " - Centro", ", Bloco B", ", 3º andar"]) : ""}`,
    rest: [
      chance.pick([
        `${from.city()} - ${chance.pick(["SP", "RJ", "MG", "BA", "RS"])}`,
        `${filled(chance, "#####-###")} ${from.city()}`,
        `${from.city()} - ${chance.pick(["SP", "RJ"])}, ${filled(chance, "#####-###")}`,
        `${filled(chance, "####-###")} ${from.city()}`,
      ]),
    ],
  })),
  ...Array<Country>(2).fill((chance, from) => ({
    street: `${chance.pick([() => chance.pick(NL_STEMS) + chance.pick(NL_ENDINGS), () => from.family().replace(/\s/g, "") + chance.pick(NL_ENDINGS), () => from.given() + chance.pick(NL_ENDINGS)])()} ${smallNumber(chance)}`,
    rest: [`${filled(chance, chance.pick(["#### ??", "####??", "####"]))} ${from.city()}`],
  })),
  ...Array<Country>(3).fill((chance, from) => ({
    street: `${chance.pick([() => chance.pick(NORDIC_STEMS) + chance.pick(NORDIC_ENDINGS), () => `${from.family()}${chance.pick(NORDIC_ENDINGS)}`, () => `${from.given()}s ${chance.pick(["vei", "gate", "vej", "väg", "plads"])}`])()} ${smallNumber(chance)}`,
    rest: [`${filled(chance, chance.pick(["####", "### ##", "#####"]))} ${from.city()}`],
  })),
  (chance, from) => ({
    street: `${chance.pick(["ul. ", "ul. ", "al. ", "os. ", "ulica ", "pl. ", ""])}${chance.pick([() => chance.pick(PL_NAMES), () => `${from.family()}`])()} ${smallNumber(chance)}${chance.often(0.3) ? chance.pick(["/5", " m. 12", "/14"]) : ""}`,
    rest: [`${filled(chance, "##-###")} ${from.city()}`],
  }),
  (chance, from) => ({
    street: `${chance.pick(CZ_NAMES)} ${chance.whole(1, 1200)}${chance.often(0.3) ? `/${chance.whole(1, 40)}` : ""}`,
    rest: [`${filled(chance, "### ##")} ${from.city()}`],
  }),
  (chance, from) => ({
    street: `${chance.pick([() => chance.pick(HU_NAMES), from.family])()} ${chance.pick(["utca", "út", "tér", "u.", "körút", "Lajos utca"])} ${chance.whole(1, 150)}.`,
    rest: [chance.pick([`${filled(chance, "####")} ${from.city()}`, from.city()])],
  }),
  (chance, from) => ({
    street: `${chance.pick(TR_NAMES)} ${chance.pick(["Caddesi", "Cad.", "Sokak", "Sok.", "Bulvarı", "Mah."])} No${chance.pick([": ", ":", " "])}${chance.whole(1, 200)}${chance.often(0.4) ? ` ${chance.pick(["Daire", "D:", "Kat"])} ${chance.whole(1, 20)}` : ""}`,
    rest: [`${filled(chance, "#####")} ${from.city()}`],
  }),
  (chance, from) => ({
    street: `${chance.pick(BALKAN_NAMES)} ${smallNumber(chance)}`,
    rest: [`${filled(chance, chance.pick(["####", "#####"]))} ${from.city()}`],
  }),
  ...Array<Country>(2).fill((chance, from) => ({
    street: `${chance.pick([`No. ${chance.whole(1, 300)}, `, `Flat ${chance.whole(1, 500)}, ${from.word()} Apartments, `, `${chance.whole(1, 999)}, `, `Plot ${chance.whole(1, 99)}, `, `H.No. ${chance.whole(1, 20)}-${chance.whole(1, 20)}, `])}${chance.pick([() => chance.pick(INDIAN_PLACES), () => `${from.family()} ${chance.pick(["Nagar", "Marg", "Road", "Colony", "Layout", "Street", "Chowk"])}`])()}`,
    rest: [
      `${from.city()}${chance.pick([" ", " - ", ", Maharashtra ", ", Karnataka "])}${filled(chance, chance.often(0.5) ? "######" : "### ###")}`,
    ],
  })),
  (chance, from) => ({
    street: `${chance.pick(GREEK_NAMES)} ${chance.whole(1, 250)}`,
    rest: [`${filled(chance, "### ##")} ${from.city()}`],
  }),
  (chance, from) => ({
    street: `${chance.pick(RUSSIAN_NAMES)}, ${chance.pick(["d. ", "д. ", ""])}${chance.whole(1, 150)}`,
    rest: [`${from.city()}, ${filled(chance, "######")}`],
  }),
  (chance, from) => ({
    street: `Jl. ${chance.pick([from.family, () => chance.pick(["Merdeka", "Sudirman", "Diponegoro", "Gatot Subroto"])])()} No. ${chance.whole(1, 200)}`,
    rest: [`${from.city()} ${filled(chance, "#####")}`],
  }),
  ...Array<Country>(4).fill((chance, from) => {
    const name = from.street();
    return {
      street: chance.often(0.75)
        ? `${name}${chance.pick([" ", " ", ", "])}${smallNumber(chance)}${chance.often(0.1) ? `, ${unit(chance)}` : ""}`
        : `${smallNumber(chance)}${chance.pick([" ", ", "])}${name}`,
      rest: [
        chance.often(0.7)
          ? `${filled(chance, chance.pick(["####", "#####", "######", "### ##", "#####-####"]))} ${from.city()}`
          : `${from.city()} ${filled(chance, chance.pick(["####", "#####", "######"]))}`,
      ],
    };
  }),
  // Number, street, and often a number again: what directories of many countries write.
  ...Array<Country>(4).fill((chance, from) => ({
    street: `${chance.whole(1, 9999)} ${chance.pick([() => `${from.family()} ${chance.pick(UK_STREETS)}`, () => `${chance.pick(NORDIC_STEMS)}${chance.pick(NORDIC_ENDINGS)}`, () => `${chance.pick(["Rua", "Via", "Calle", "Rue", "Avenida"])} ${from.family()}`, () => `${from.family()}${chance.pick(DE_ENDINGS)}`, () => chance.pick(BALKAN_NAMES), () => `${from.given()} ${from.family()}`])()}${chance.often(0.6) ? ` ${chance.whole(1, 300)}` : ""}${chance.often(0.5) ? `${chance.pick([" ", ", "])}${unit(chance)}` : ""}`,
    rest: [
      ...(chance.often(0.2) ? [unit(chance)] : []),
      chance.often(0.3) ? from.city().toUpperCase() : from.city(),
      ...(chance.often(0.3) ? [chance.pick([from.country(), chance.pick(US_STATES)])] : []),
      chance.pick([`${from.country()} ${filled(chance, "#####")}`, filled(chance, "#####"), from.country()]),
    ],
  })),
  (chance, from) => ({
    street: chance.pick([
      `P.O. Box ${chance.whole(1, 9999)}`,
      `PO Box ${chance.whole(1, 99999)}`,
      `Postfach ${chance.whole(1, 9999)}`,
      `Apartado ${chance.whole(1, 999)}`,
    ]),
    rest: [`${from.city()}, ${chance.pick(US_STATES)} ${filled(chance, "#####")}`],
  }),
  // Military post.
  ...Array<Country>(2).fill((chance, from) => ({
    street: chance.pick([
      `PSC ${filled(chance, "####")}, Box ${filled(chance, "####")}`,
      `Unit ${filled(chance, "####")} Box ${filled(chance, "####")}`,
      `CMR ${filled(chance, "###")}, Box ${filled(chance, "####")}`,
      `${chance.pick(["USS", "USNS", "USNV", "USCGC"])} ${from.family()}`,
    ]),
    rest: [`${chance.pick(["APO", "FPO", "DPO"])} ${chance.pick(["AE", "AP", "AA"])} ${filled(chance, "#####")}`],
  })),
];

/** Street and number alone. */
export function streetAddress(chance: Chance, from: AddressWords): string {
  return chance.pick(COUNTRIES)(chance, from).street;
}

/** In one line. */
export function lineAddress(chance: Chance, from: AddressWords): string {
  const { street, rest } = chance.pick(COUNTRIES)(chance, from);
  const separator = chance.often(0.85) ? ", " : " ";
  const address = [street, ...rest].join(separator);
  return chance.often(0.06) ? address.toUpperCase() : chance.often(0.06) ? address.toLowerCase() : address;
}

/** Over several lines, sometimes indented or quoted. */
export function blockAddress(chance: Chance, from: AddressWords): string {
  const { street, rest } = chance.pick(COUNTRIES)(chance, from);
  const separator = chance.pick(["\n", "\n", "\n", "\n ", "\n  ", ",\n", "\n\n"]);
  return [street, ...rest].join(separator);
}
