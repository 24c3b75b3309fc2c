"""Abbreviations and first words of sentences by language, where sentencex takes an abbreviation's point for an end.

A language lists only what the library gets wrong. Words that often end a sentence ("etc.", "usw.") and words that are
no abbreviation without their point ("im.", but not "may.") are left out as far as is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

#: Before a name, a noun or a number: titles, streets, "e.g.". Those in lower case may begin with a capital too.
_BEFORE_ANYTHING = {
    "en": "Assoc Atty Cllr Ft approx incl resp",
    "de": (
        "Hrn Frl Fa Fam Dipl rer nat habil Bgm Vors gem zzgl abzgl exkl einschl entspr insb insbes bes ggü betr bspw "
        "geb gest gegr ehem hl östl westl nördl südl dt engl frz lat griech ital russ amer poln türk "
        "arab hebr chin jap internat staatl städt kath evang kgl wiss allg urspr eigtl sog zw jährl mtl Anm Aufl Verf"
    ),
    "fr": "M Mgr Pr Mlles Mmes Sts Ets rte dép arr éd resp c.-à-d Cdt",
    "es": "Dña Profa Cnel Fr Sto Sta Avd Avda Pza Plza Ctra Urb Edif Depto Mons Excma Ilmo Ilma Rvdo Pdte aprox",
    "it": "gent fraz Sta",
    "pt": "Profa Arq Exma Ilmo Ilma Revmo Fr Sta Cel Av Trav Rod Pç Pça Lg Depto Pres Mons aprox incl",
    "nl": "mevr mw mej ds Jhr excl incl ong ned lt kol kapt sgt",
    "sv": "frk kl resp exkl t.ex jfr kungl kgl avd",
    "da": "Sct Sdr Ndr cand",
    "no": "f.eks frk ekskl jf jfr kgl cand avd",
    "fi": "ks vrt hra rva nti",
    "et": "pr prl tn mnt",
    "lv": "piem resp apm Sv",
    "lt": "pvz doc akad habil Šv plk kun vysk arkivysk žr plg vad",
    "pl": (
        "al pl os św ks bp abp kard mgr inż dr hab doc red płk ppłk mjr kpt sierż adm im wł ros "
        "hiszp woj pow gm zob tzw śp zm ur"
    ),
    "cs": "tř plk mjr kpt npor popř příp vč čís angl něm fr lat řec srov zejm mj",
    "sk": "plk mjr kpt popr vrát čís angl nem lat gr porov najm",
    "sl": "npr oz gdč mag doc akad inž dipl sv ul tel št čl angl lat prim pribl t.im",
    "hr": "npr tj tzv mag doc akad dipl sv ul gosp gđa gđica tel br čl",
    "sr": "нпр тј тзв др мр проф доц акад инж дипл св ул бул гђа тел бр чл npr tj tzv sv ul bul",
    "hu": "ld ifj özv Szt szerk vö kb ún",
    "ro": "dl dna d-na d-l av arh cpt str bd șos Sf jud com ex aprox cca acad conf lect pr mun resp",
    "ca": "Profa Pça Ctra Pg Rbla Mn Mons Excm Hble Ajt Dept aprox",
    "ru": (
        "пл наб бул пос дер обл респ корп доц докт д-р г-н г-жа св инж лейт адм зав нач гл напр ср прим "
        "прибл англ нем фр итал исп лат греч япон перс санскр ред сост изд соч собр"
    ),
    "uk": (
        "просп пр бул наб смт корп канд д-р інж заст зав нач прибл нім англ фр італ лат грец рос поль"
    ),
    "bg": "жк обл д-р арх адв г-н г-жа прибл англ нем фр лат рус гл",
    "el": "Καθ Αγ δηλ βλ πρβλ περ οδ λεωφ αρ σελ παρ τηλ κκ",
    "tr": "Doç Yrd Öğr Av Sn Bn Alb Org Korg Yzb Bşk Müh Mim Mah Cad Sok Blv Apt örn bkz krş İng Alm Lat Üniv",
    "id": "Jl Jln Gg Kab Kec Kel Prov Drs Dra Ir Hj Kol Letjen Mayjen Brigjen Bpk Sdr Sdri Yth Tn Ny Nn yg dgn",
    "vi": "TP Tp TS ThS PGS GS BS KS LS TX TT",
    "hi": "डॉ डा प्रो पं स्व कु मो",
    "bn": "ড ডা ডাঃ মো অধ্যা",
    "sw": "Bw Bi Dk Dkt Mh Mhe Ndg",
    "tl": "Gng Bb Sto Sta Kgg Atty Engr Gob",
}  # fmt: skip

#: Before a number alone: pages, parts, months, "about".
_BEFORE_NUMBERS = {
    "en": "paras vv nos vols chs Chap Sect est fl Apt Rm bldg pt",
    "de": "Pkt Pos Rdnr Rz Tz Lfg Jg Bl Whg Zi Std Sek mind rd Sp Anl Anh Kl Bsp Az Bde",
    "fr": "nos chap al env fasc tél av janv févr avr juil déc bât apt réf",
    "es": "págs núms nro arts caps vols figs tfno ene abr ago dic apdo apto dpto",
    "it": "pagg nn artt capp voll figg lett par gen mag giu lug ago sett ott dic rif",
    "pt": "págs arts caps vols figs inc séc fev abr ago dez apto bl",
    "nl": "blz nrs artt hfst par afb mrt jrg dl plm geb overl",
    "sv": "sid uppl mom",
    "da": "kl tlf stk pkt årg maks pct",
    "no": "kl tlf pkt årg maks des",
    "fi": "klo nro puh synt kuol kpl",
    "et": "lk kl ptk lg jaan veebr dets snd surn",
    "lv": "lpp tālr plkst pkt janv febr jūn jūl",
    "lt": "psl pav",
    "pl": "ss ust pkt poz lit rozdz rys ryc zał godz urodz sygn Dz maks lok wyd",
    "cs": "sv odst čl písm roč obr cca ul hod vyd pozn",
    "sk": "zv ods čl písm roč obr cca ul hod vyd pozn",
    "sl": "odst tč pogl cca",
    "hr": "pogl cca rođ toč",
    "sr": "таб рођ",
    "hu": "old fsz em ker évf köt febr márc ápr máj jún júl szept szül megh",
    "ro": "alin lit bl sc ap ian iun iul pct",
    "ca": "pàg pàgs núms arts febr abr ag des",
    "ru": "пп вып илл прил кв оф под комн янв февр апр июн июл авг сент окт нояб дек разд абз сб",
    "uk": "пп вип іл дод бл буд кв оф див пор нар січ лют бер квіт трав черв лип верес жовт листоп груд розд",
    "bg": "бр чл ал бл вх ет ап вж фиг янв февр апр авг септ окт ноем дек изд",
    "el": "σσ άρθ κεφ τόμ εικ πίν Ιαν Φεβ Απρ Ιουν Ιουλ Αυγ Σεπτ Οκτ Νοε Δεκ",
    "tr": "ss sy md fık yy böl şek Oca Şub Nis Haz Ağu Eyl",
    "id": "hlm telp ps psl Rp pkl Agu Agt Des cet RT RW",
    "vi": "tr",
    "hi": "रु सं पृ क्र नं",
    "bn": "নং পৃ",
    "sw": "uk",
    "tl": "Blg",
}
#: "Hauptstr. 5": words that end so.
_STREETS = {"de": r"[^\W\d_]*str"}

#: After a point that may belong to a letter or a number these begin a sentence in their language.
_STARTERS = {
    "en": (
        "Nobody Many Some Both All Each His Her Its Their There When While Since During After Before Then If What "
        "Although Because On At For As"
    ),
    "de": (
        "Er Sie Es Das Die Der Dies Diese Dieser Ein Eine Im In Am Wir Ich Aber Doch Auch Danach Dort Dabei Seit Sein "
        "Seine Ihr Ihre Nach Bei Für Mit Als Wenn Man Jedoch Viele"
    ),
    "fr": "Son Sa Ses Leur Ces Dans En Après Puis Mais On Cet",
    "es": "Su Sus En Después Luego Pero Se No",
    "it": "Suo Sua Nel Dopo Poi È Si Non",
    "pt": "Seu Sua Em No Na Depois É Não",
    "nl": "Zijn Haar Dit Deze In Na Daarna Er We",
    "ru": (
        "Его Её Ее Их Потом Затем После На Также Однако Этот Эта Эти Так При За Мы Как Когда Если Он Она Они Это Но"
    ),
    "uk": "Він Вона Вони Воно Це Його Її Їх Після На Також Однак Цей Ця Ці Але Потім Ми Як У",
    "bg": "Той Тя Те То Това Но След На В",
    "pl": "On Ona Oni To Był Była Jego Jej Ich Po Na Ale Potem W Nie Ten Ta Te",
    "cs": "On Ona Oni Ten Ta To Jeho Její Jejich Po Na Ale Potom V Ve Byl Byla",
    "sk": "On Ona Oni Ten Tá To Jeho Jej Ich Po Na Ale Potom V Vo Bol Bola",
    "sl": "On Ona Oni To Po Na Toda Potem V",
    "hr": "On Ona Oni To Ovo Nakon Na Ali Zatim U",
    "sr": "Он Она Они То Ово Након На Али Затим У On Ona Oni To Ovo Nakon Na Ali Zatim U",
    "sv": "Han Hon De Det Den Men Efter I På Då",
    "da": "Han Hun De Det Den Der Men Efter I På Da",
    "no": "Han Hun De Det Den Der Men Etter I På Da",
    "fi": "Hän He Se Ne Tämä Mutta Kun Sen Hänen",
    "et": "Ta Tema Nad See Need Kuid Kui Pärast",
    "lv": "Viņš Viņa Viņi Tas Tā Šis Bet Pēc",
    "hu": "Ő Ők Ez Az De Ezt Azt Egy Majd Ekkor",
    "tr": "Bu O Onun Onlar Bunun Ama Ancak Sonra",
}  # fmt: skip
#: Languages in which a name may begin with such a word: "mevr. De Vries", "sig. Lo Verso".
_IN_NAMES = frozenset(("ca", "es", "fr", "it", "nl", "pt", "ro", "vi"))

_NEVER = re.compile(r"(?!)")
#: "Univ.Prof.", "z.B.": in "allegro.pl." the point before the end belongs to an address.
_CHAINED = r"(?<![^\W_])(?:[^\W\d_]|[Dd]r|[Pp]rof|Univ|Dipl)\."


@dataclass(frozen=True)
class Rules:
    """What is known of a language: patterns of an abbreviation at the end of a text, and of a sentence's first word."""

    abbreviation: re.Pattern[str]
    counted: re.Pattern[str]
    starter: re.Pattern[str]
    #: Whether a first word in spite of an abbreviation before it may be the rest of a name.
    starter_in_names: bool


@lru_cache
def rules_of(language: str) -> Rules:
    """The rules of a language by its code; without any they match nothing."""
    counted = _words(_BEFORE_NUMBERS.get(language, ""))
    return Rules(
        abbreviation=_at_end(_words(_BEFORE_ANYTHING.get(language, ""))),
        counted=_at_end([*counted, *filter(None, [_STREETS.get(language)])]),
        starter=re.compile(rf"(?:{'|'.join(_STARTERS[language].split())})\s") if language in _STARTERS else _NEVER,
        starter_in_names=language in _IN_NAMES,
    )


def _words(listed: str) -> list[str]:
    return [re.escape(word) for each in listed.split() for word in dict.fromkeys((each, each[0].upper() + each[1:]))]


def _at_end(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s(\[„“\"«‚'’/–-]|{_CHAINED})(?:{'|'.join(patterns)})\.\s*$") if patterns else _NEVER
