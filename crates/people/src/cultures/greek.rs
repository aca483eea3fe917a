//! Names and habits of Greek. Family names have a form for women.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "Ελλάδα",
    female: "Μαρία/maria Ελένη/eleni Αικατερίνη/aikaterini Βασιλική/vasiliki Σοφία/sofia Αγγελική/angeliki Γεωργία/georgia Δήμητρα/dimitra Κωνσταντίνα/konstantina Παναγιώτα/panagiota Ιωάννα/ioanna Ευαγγελία/evangelia Άννα/anna Χρυσούλα/chrysoula Αθηνά/athina Ζωή/zoi Δέσποινα/despina Ειρήνη/irini Φωτεινή/fotini Καλλιόπη/kalliopi",
    male: "Γεώργιος/georgios Ιωάννης/ioannis Κωνσταντίνος/konstantinos Δημήτριος/dimitrios Νικόλαος/nikolaos Παναγιώτης/panagiotis Βασίλειος/vasilios Χρήστος/christos Αθανάσιος/athanasios Μιχαήλ/michail Ευάγγελος/evangelos Σπυρίδων/spyridon Αντώνιος/antonios Θεόδωρος/theodoros Ανδρέας/andreas Στέφανος/stefanos Ηλίας/ilias Αλέξανδρος/alexandros Οδυσσέας/odysseas Άγγελος/angelos",
    middle_female: "",
    middle_male: "",
    family: "Παπαδόπουλος/papadopoulos Παππάς/pappas Καραγιάννης/karagiannis Βλάχος/vlachos Ιωαννίδης/ioannidis Οικονόμου/oikonomou Παπαγεωργίου/papageorgiou Μακρής/makris Κωνσταντινίδης/konstantinidis Δημόπουλος/dimopoulos Γεωργίου/georgiou Αντωνίου/antoniou Νικολαΐδης/nikolaidis Παπαδάκης/papadakis Αθανασίου/athanasiou Βασιλείου/vasileiou Χατζής/chatzis Κουρής/kouris Αγγελόπουλος/angelopoulos Ζαχαρίου/zachariou",
    street: "{street} {number}",
    streets: "Ερμού|Πανεπιστημίου|Οδός Αθηνάς|Λεωφόρος Αλεξάνδρας|Τσιμισκή|Αγίου Δημητρίου",
    places: "Αθήνα;Αττική;10# ##|Θεσσαλονίκη;Μακεδονία;54# ##|Πάτρα;Αχαΐα;26# ##|Ηράκλειο;Κρήτη;71# ##|Ιωάννινα;Ήπειρος;45# ##",
    mobiles: "690 000 0###|+30 690 000 0###",
    landlines: "210 000 0###|+30 2310 000 ###|2810-000### (εσωτ. 1#)",
    companies: "Φούρνος «Το Στάχυ»|Βιβλιοπωλείο Πρωτέας Α.Ε.|Οδοντιατρείο Χαμόγελο|Αφοί Μακρή Ο.Ε.",
    titles: "Μηχανικός|Δασκάλα|Διευθυντής Πωλήσεων|Νοσηλεύτρια|Δικηγόρος|Προγραμματιστής|Γιατρός",
    notes: "Γνωριστήκαμε στη Θεσσαλονίκη.|Δεν τρώει ξηρούς καρπούς.|Τηλέφωνο μετά τις έξι.|Παίζει μπουζούκι.",
    groups: "Οικογένεια|Φίλοι|Δουλειά|Σύλλογος|Γείτονες|Σχολείο",
};
