// strings-keys.ts — the keyboard, as the list under ? tells it; part of strings.ts.

export const shortcuts = {
  title: "Keyboard",
  close: "Close",
  open: "Keyboard shortcuts",
  groups: [
    [
      "On every page",
      [
        ["?", "this list"],
        ["Esc", "close what is open"],
        ["← →", "another choice in a row of choices"],
      ],
    ],
    [
      "On the Train page",
      [
        ["Ctrl / ⌘ + Enter", "train"],
        ["Space", "pause, go on"],
        [".", "one step while paused"],
        ["Ctrl / ⌘ + Z", "take back a change of ranks, or of all settings"],
        ["Ctrl / ⌘ + Shift + Z, Ctrl + Y", "make it again"],
        ["↑ ↓", "more or less in a number's field"],
      ],
    ],
    [
      "In the map",
      [
        ["Arrows, Home, End", "move, in a row to its ends"],
        ["Page Up, Page Down", "first and last layer"],
        ["Enter or a digit", "set the rank of a cell"],
      ],
    ],
  ],
} as const;
