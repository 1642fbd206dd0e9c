/// Texts that a source begins with when the vendor has brought none: a public library's desk, to be replaced.
enum StarterTexts {
  /// Texts by label.
  static let labels: [(label: String, texts: [String])] = [
    (
      "opening-hours",
      [
        "When do you open on Saturdays?", "Is the reading room closed over Easter?",
        "How late can I stay in the library on a weekday?",
        "Are you open on the bank holiday in May?",
        "What time does the children's section shut tonight?",
        "Do the opening times change during the summer?", "Can I come in before nine to study?",
        "Will the building be closed for the staff day next week?",
        "Until when is the front door unlocked on Sundays?",
        "I work shifts, is there any evening when you close after eight?",
        "Is the café open as long as the library itself?",
        "The sign outside says ten o'clock but the website says nine, which is right?",
        "Do you close early on Christmas Eve?", "Which days is the local history room staffed?",
        "Are Sunday hours the same in winter?",
      ]
    ),
    (
      "loan-renewal",
      [
        "Can I keep this novel for two more weeks?", "How do I renew a book online?",
        "My loan ran out yesterday, may I extend it?", "How often can one item be renewed?",
        "Somebody reserved the book I have, must I bring it back on time?",
        "What is the fine when a DVD comes back late?",
        "I am abroad until June and cannot return my loans, what now?",
        "The app will not let me extend my audiobooks.",
        "Please prolong everything on my card until the end of the month.",
        "Is there a limit on how long I may borrow a language course?",
        "I never got the reminder that my books were due.",
        "May my daughter renew on my card by telephone?",
        "Does extending a loan cost anything?", "Why was my renewal refused this morning?",
        "Could you give me another week with the atlas?",
      ]
    ),
    (
      "lost-item",
      [
        "I left my umbrella at a desk upstairs.", "Has anyone handed in a pair of glasses?",
        "My library card is gone, how do I get another?",
        "The dog chewed the picture book, what do I owe you?",
        "I cannot find the second volume I borrowed anywhere at home.",
        "A blue scarf was forgotten in the reading room this afternoon.",
        "Where do you keep things that people leave behind?",
        "I returned a book with my train ticket still inside it.",
        "Somebody took my rucksack from the lockers.",
        "Do I have to replace a lost audiobook with the same edition?",
        "My son dropped his hearing aid somewhere between the shelves.",
        "I think I put one of my own books into the return slot by mistake.",
        "A wallet was found next to the copier, is it still with you?",
        "What happens if I never find the book again?",
        "Can I pay for the damaged magazine at the desk?",
      ]
    ),
  ]

  /// The texts as a table.
  static var table: VendorTable {
    var line = 0
    return VendorTable(
      train: labels.flatMap { label, texts in
        texts.map { text in
          line += 1
          return VendorTable.Row(
            text: text, labels: [label], place: LeakCheck.Place(file: "the starter", line: line))
        }
      })
  }
}

extension VendorTable {
  /// The starter's texts, for a vendor who has brought none.
  public static var starter: VendorTable { StarterTexts.table }
}
