//! Invented French texts: no program, person or brand of these names is meant.

use super::random::Random;
use crate::title::fold_title;

const SUBJECTS: [&str; 30] = [
    "Auberge",
    "Boussole",
    "Cabane",
    "Dossiers",
    "Échoppe",
    "Fanfare",
    "Grenier",
    "Horloge",
    "Îlot",
    "Jardins",
    "Kiosque",
    "Lanternes",
    "Marmites",
    "Nuits",
    "Ombrelle",
    "Passerelle",
    "Quatuor",
    "Roulotte",
    "Sentier",
    "Tribu",
    "Usine",
    "Veillée",
    "Wagon",
    "Œillets",
    "Zéphyr",
    "La Ruche",
    "Le Pétrin",
    "Les Cordées",
    "L'Établi",
    "48 marches",
];
const COMPLEMENTS: [&str; 32] = [
    "des Embruns",
    "du Vieux Moulin",
    "de Clairval",
    "en fête",
    "à la dérive",
    "des trois vallées",
    "de l'étang bleu",
    "sous les tilleuls",
    "du quai d'Ambre",
    "au long cours",
    "des Mirebeaux",
    "de Sainte-Orge",
    "en cuisine",
    "à contre-jour",
    "des petits matins",
    "de la rue Mouline",
    "du Haut-Brisson",
    "en coulisses",
    "des grands écarts",
    "de minuit passé",
    "à pas comptés",
    "du bout du champ",
    "des Ardelles",
    "en chantier",
    "de l'oncle Fulbert",
    "des quatre vents",
    "à la belle saison",
    "du canal Saint-Ysse",
    "en famille",
    "des mains vertes",
    "de Port-Lunaire",
    "à l'improviste",
];
const EVENTS: [&str; 16] = [
    "la clé du phare",
    "un dîner mouvementé",
    "le pari de Lucette",
    "retour au village",
    "la panne",
    "une visite surprise",
    "le grand ménage",
    "l'orage de juillet",
    "trois jours pour convaincre",
    "la recette oubliée",
    "sur le fil",
    "la dernière levée",
    "le tirage au sort",
    "un voisin encombrant",
    "la course aux cèpes",
    "ce que disait la lettre",
];
const SENTENCES: [&str; 20] = [
    "Cette semaine, l'équipe pose ses valises dans un village où tout le monde se connaît depuis \
     toujours.",
    "Une décision prise un peu vite oblige chacun à revoir ses plans avant la fin de la journée.",
    "Entre éclats de rire et portes qui claquent, la préparation de la fête prend un tour \
     inattendu.",
    "Pendant ce temps, à l'atelier, une vieille machine refuse obstinément de démarrer.",
    "Les candidats disposent de deux heures et d'un panier imposé pour convaincre un jury affamé.",
    "Un témoignage rare, des images d'archives et une enquête menée sur trois saisons.",
    "Personne n'avait prévu que le facteur apporterait, ce matin-là, une lettre vieille de trente \
     ans.",
    "Sur le port, la brume se lève et avec elle les questions que l'on évitait soigneusement.",
    "Il faudra toute la patience de Marceline pour réunir les deux familles autour de la même \
     table.",
    "Au programme : des gestes simples, des astuces de saison et beaucoup de bonne humeur.",
    "Le chantier prend du retard, le budget fond et les propriétaires commencent à douter.",
    "Dans les coulisses, les techniciens répètent une dernière fois l'enchaînement le plus \
     délicat.",
    "Une rencontre sur le quai numéro trois va changer le cours de ce voyage pourtant bien \
     préparé.",
    "Les enfants, eux, ont déjà trouvé la solution et attendent qu'on veuille bien les écouter.",
    "Reportage au plus près de celles et ceux qui travaillent quand la ville dort encore.",
    "Le verdict tombe : un seul d'entre eux poursuivra l'aventure la semaine prochaine.",
    "À mille lieues de là, un vieil ami prépare son retour et personne ne s'en doute.",
    "Les plus beaux moments de l'épisode, les fous rires et ce que vous n'avez pas vu à l'antenne.",
    "La météo s'en mêle, les tentes s'envolent et le concours doit se poursuivre sous la halle.",
    "Et si la réponse se trouvait depuis le début dans le grenier de la maison d'en face ?",
];

/// The title of the program in this place; no two are the same.
pub(super) fn program_title(place: usize) -> String {
    let (subject, round) = (place % SUBJECTS.len(), place / SUBJECTS.len());
    let complement = (place + 11 * round) % COMPLEMENTS.len();
    let subject = SUBJECTS.get(subject).copied().unwrap_or_default();
    let complement = COMPLEMENTS.get(complement).copied().unwrap_or_default();
    match round / COMPLEMENTS.len() {
        0 => format!("{subject} {complement}"),
        again => format!("{subject} {complement}, saison {}", again + 1),
    }
}

/// What happens in an episode.
pub(super) fn event(random: &mut Random) -> &'static str {
    random.pick(&EVENTS)
}

/// So many sentences.
pub(super) fn text(random: &mut Random, sentences: u64) -> String {
    let sentences = (0..sentences).map(|_| random.pick(&SENTENCES));
    sentences.collect::<Vec<&str>>().join(" ")
}

/// A title as it stands in addresses.
pub(super) fn slug(title: &str) -> String {
    let folded = fold_title(title);
    let words = folded
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<&str>>().join("-")
}
