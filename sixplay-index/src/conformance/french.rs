//! French text.

use sixplay_core::{Result, fold_letters, letter_folds};
use unicode_normalization::UnicodeNormalization;

use super::ScratchIndex;
use crate::{Filter, Index, Query};

/// Elision, case, accents, ligatures, plural and feminine do not matter; every word must occur.
pub(super) async fn french_words_are_found_in_any_form(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"a","title":"L'Île de la tentation"}"#,
        r#"{"id":"b","title":"Les élèves du lycée"}"#,
        r#"{"id":"c","title":"Les chevaux de d’Artagnan"}"#,
        r#"{"id":"d","title":"Une Œuvre d'art","tags":"x"}"#,
        r#"{"id":"e","title":["Cœur à cœur","La belle équipe"]}"#,
        r#"{"id":"f"}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let cases = [
        ("l'île", "a"),
        ("ile", "a"),
        ("ILE", "a"),
        ("l’ile", "a"),
        ("tentations île", "a"),
        ("île élève", ""),
        ("eleve", "b"),
        ("Élèves", "b"),
        ("cheval", "c"),
        ("chevaux", "c"),
        ("Artagnan", "c"),
        ("E\u{301}le\u{300}ves lyce\u{301}e", "b"),
        ("l\u{2bc}i\u{302}le", "a"),
        ("Łes eļévès", "b"),
        ("d'artagnan", "c"),
        ("oeuvre", "d"),
        ("œuvres", "d"),
        ("coeur", "e"),
        ("beau", ""),
        ("belles equipes", "e"),
        ("cœur équipe", "e"),
        ("les", "bc"),
        ("tenta", ""),
        ("", ""),
        ("!?", ""),
    ];
    for (words, expected) in cases {
        let query = Query::new(10).text("title", words);
        assert_eq!(scratch.ids(&query).await?, expected, "{words}");
    }
    let art = Query::new(10).text("title", "art");
    let filtered = art.filter(Filter::term("tags", "x"));
    assert_eq!(scratch.ids(&filtered).await?, "d");
    let values = index.values(&scratch.name, "id", &filtered, 9).await?;
    assert_eq!(values, ["d"], "words count for values, too");
    let unknown = Query::new(10).text("unknown", "art");
    assert_eq!(scratch.search(&unknown).await?.1, 0);
    scratch.remove().await
}

/// The same words of the same texts on every backend.
pub(super) async fn french_is_analysed_alike(index: &Index) -> Result<()> {
    for (text, expected) in ANALYSED {
        let words: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(index.analyze(text).await?, words, "{text}");
    }
    Ok(())
}

/// Every letter that is folded for lists is folded alike for searches, in one piece or as a letter
/// with its marks behind it.
pub(super) async fn every_letter_is_folded_as_lists_fold_it(index: &Index) -> Result<()> {
    let letters: Vec<char> = letter_folds().map(|(letter, _)| letter).collect();
    for letters in letters.chunks(500) {
        let words: String = letters
            .iter()
            .map(|letter| format!("7{letter}7 "))
            .collect();
        let decomposed: String = words.nfd().collect();
        let folded = index.analyze(&fold_letters(&words)).await?;
        assert_eq!(index.analyze(&words).await?, folded);
        assert_eq!(index.analyze(&decomposed).await?, folded);
    }
    Ok(())
}

/// Texts and their words, as the servers give them.
const ANALYSED: &[(&str, &str)] = &[
    ("L'Île de la tentation", "ile de la tent"),
    ("l’île", "ile"),
    ("Les élèves", "les elev"),
    ("élève", "elev"),
    ("chevaux", "cheval"),
    ("cheval", "cheval"),
    ("d'Artagnan", "artagnan"),
    ("d’Artagnan", "artagnan"),
    ("Œuvre", "oeuvr"),
    ("œuvres d'art", "oeuvr art"),
    ("Ça commence aujourd'hui", "ca comenc aujourd'hui"),
    ("Le cœur a ses raisons", "le coeu a ses raison"),
    ("Cœurs", "coeu"),
    ("L'amour est dans le pré", "amou est dan le pre"),
    ("Top Chef", "top chef"),
    ("Les Marseillais à Miami", "les marseilai a miami"),
    (
        "Recherche appartement ou maison",
        "recherch apart ou maison",
    ),
    ("Scènes de ménages", "scen de menag"),
    ("Capital", "capital"),
    ("Zone interdite", "zone interdit"),
    ("Enquête exclusive", "enquet exclusif"),
    ("Norbert et Jean : le défi", "norbert et jean le defi"),
    ("Le 19.45", "le 19.45"),
    ("Le 12.45", "le 12.45"),
    ("20h45", "20h45"),
    ("R.I.S. Police scientifique", "r.i. polic scientif"),
    ("J.-C. Dupont", "j c dupont"),
    ("NCIS : Los Angeles", "nci los angel"),
    ("Bones", "bone"),
    ("Les reines du shopping", "les rein du shoping"),
    ("Maison à vendre", "maison a vendr"),
    (
        "D&CO, une semaine pour tout changer",
        "d co une semain pour tout chang",
    ),
    ("66 minutes", "66 minut"),
    ("E=M6", "e m6"),
    ("Pékin Express", "pekin expres"),
    (
        "La France a un incroyable talent",
        "la franc a un incroyabl talent",
    ),
    ("Un dîner presque parfait", "un din presqu parfait"),
    ("Cauchemar en cuisine", "cauchema en cuisin"),
    ("Hell's Kitchen", "hel' kitchen"),
    ("Desperate Housewives", "desperat housewif"),
    ("Drôles de gamins", "drol de gamin"),
    ("Gulli's 50%", "guli' 50"),
    ("jusqu'à l'aube", "a aube"),
    ("lorsqu'il pleut", "il pleut"),
    ("puisqu’elle chante", "elle chant"),
    ("quoiqu'on dise", "on dise"),
    ("qu'est-ce que c'est", "est ce que est"),
    ("presqu'île", "presqu'il"),
    ("s'aimer", "aim"),
    ("n'importe quoi", "import quoi"),
    ("m'entends-tu", "entend tu"),
    ("t'inquiète", "inquiet"),
    ("c'est pas sorcier", "est pas sorci"),
    ("JUSQU'AU BOUT", "au bout"),
    ("l'hôtel", "hotel"),
    ("hôtels", "hotel"),
    ("nationaux", "national"),
    ("nationale", "national"),
    ("journaux", "journal"),
    ("bijoux", "bijou"),
    ("heureux", "heureu"),
    ("heureuse", "heureu"),
    ("danseuse", "danseu"),
    ("danseur", "danseu"),
    ("chanteuses", "chant"),
    ("actrice", "acteu"),
    ("acteurs", "acteu"),
    ("réalisatrice", "realis"),
    ("réalisateur", "realis"),
    ("présentatrice", "present"),
    ("directrice", "direct"),
    ("organisation", "organ"),
    ("organisateur", "organis"),
    ("qualification", "qualific"),
    ("qualificatrice", "qualifi"),
    ("éducateur", "eduqu"),
    ("communication", "comunic"),
    ("publicité", "publicit"),
    ("gouvernement", "gouvern"),
    ("rapidement", "rapid"),
    ("activement", "actif"),
    ("active", "activ"),
    ("actif", "actif"),
    ("avertissement", "averti"),
    ("établissements", "etabli"),
    ("finissant", "fini"),
    ("folle", "fou"),
    ("molles", "mou"),
    ("traditionnelle", "tradition"),
    ("traditionnel", "tradition"),
    ("professionnels", "profesion"),
    ("complète", "complet"),
    ("fantastique", "fantast"),
    ("politiques", "polit"),
    ("maîtresse", "maitr"),
    ("princesse", "princ"),
    ("jardinage", "jardin"),
    ("personnalisation", "personal"),
    ("actualisation", "actuel"),
    ("individualisation", "individuel"),
    ("utilisateur", "utilis"),
    ("addition", "adition"),
    ("troisième", "troisiem"),
    ("premières", "premier"),
    ("policière", "policier"),
    ("aventurier", "aventuri"),
    ("parties", "part"),
    ("année", "ane"),
    ("années", "ane"),
    ("arrivée", "ariv"),
    ("courses", "cours"),
    ("course", "cours"),
    ("belles", "bele"),
    ("ville", "vile"),
    ("villes", "vile"),
    ("travaux", "traval"),
    ("eaux", "eau"),
    ("châteaux", "chateau"),
    ("jeux", "jeu"),
    ("feux", "feu"),
    ("prix", "pri"),
    ("croix", "croi"),
    ("naïf", "naif"),
    ("Noël", "noel"),
    ("haïku", "haiku"),
    ("garçon", "garcon"),
    ("ambiguë", "ambigu"),
    ("Æon", "aeon"),
    ("straße", "stras"),
    ("smørrebrød", "smorebrod"),
    ("Łódź", "lodz"),
    ("½ heure", "heur"),
    ("m²", "m"),
    ("a_b", "a_b"),
    ("3.5 millions", "3.5 milion"),
    ("1,000 euros", "1,000 euro"),
    ("www.6play.fr", "www 6play.f"),
    ("12:30", "12 30"),
    ("rock'n'roll", "rock'n'rol"),
    ("l'", "l"),
    ("'l", "l"),
    ("« L'art » — “d’eau”", "art eau"),
    ("!?…", ""),
    ("aaaa bbbbb", "aaaa b"),
    ("mère-grand", "mere grand"),
    ("Été", "ete"),
    ("ÉTÉ INDIEN", "ete indien"),
    ("bébé", "bebe"),
    ("créée", "cre"),
    ("élue", "elue"),
    ("fête foraine", "fete forain"),
    ("100%", "100"),
    ("n°5", "n 5"),
    (
        "L\u{2018}E\u{301}te\u{301} a\u{300} l\u{2bc}I\u{302}le",
        "ete a ile",
    ),
    (
        "Ålesund, Šibenik, Ìle, Òran, Đakovo",
        "alesund sibenik ile oran dakovo",
    ),
    ("Ёлка", "елка"),
    ("Ἀθῆναι", "αθηναι"),
    ("ﬁn", "fin"),
];
