/** The words of the Books tab, and small makers of elements and of a cast's file. */

import { words } from "./words.js";

const WORDS = {
  vi: {
    tab_text: "Văn bản",
    tab_books: "Sách nói",
    tabs: "Chế độ",
    drop_title: "Thả một cuốn sách vào đây",
    drop_kinds: "TXT, Markdown, HTML, EPUB, DOCX, PDF hoặc phụ đề (SRT, VTT)",
    ocr: "Nhận dạng chữ trong PDF là bản quét",
    choose: "Chọn tệp…",
    looking: "Đang xem {name}…",
    title: "Tên sách",
    author: "Tác giả",
    format: "Tệp",
    format_m4b: "Một tệp M4B có chương",
    format_epub: "EPUB vừa đọc vừa nghe",
    format_folder: "{name}, mỗi chương một tệp",
    size: "{chapters} chương · {characters} ký tự · khoảng {length}",
    chapters: "Các chương",
    cast: "Ai đọc",
    narrator: "Người kể",
    lines: "{n} câu thoại",
    voice_of: "Giọng của {name}",
    by_gender: "theo giới tính",
    more: "… và {n} chương nữa",
    more_people: "… và {n} người nữa, đọc theo giới tính",
    unspoken: "{n} chỗ không đọc: {reasons}",
    all_spoken: "Mọi chữ đều được đọc.",
    reason_separator: "dấu ngăn cảnh",
    reason_contents: "mục lục",
    reason_note: "chú thích",
    "reason_note mark": "số chú thích",
    reason_picture: "hình",
    reason_code: "mã",
    reason_hidden: "phần ẩn",
    reason_emoji: "emoji",
    reason_symbols: "ký hiệu",
    reason_controls: "ký tự điều khiển",
    "reason_front matter": "trang đầu sách",
    reason_formula: "công thức",
    "reason_page number": "số trang",
    "reason_running head": "tiêu đề trang",
    reason_title: "tên chương lặp lại",
    reason_page: "trình đơn của trang",
    reason_ruby: "chữ gốc của phần phiên âm",
    read_chapter: "Đọc chương này",
    begin: "Làm sách nói",
    forget: "Bỏ",
    jobs: "Sách của bạn",
    queued: "Đang chờ đến lượt",
    running: "Đang bắt đầu…",
    running_at: "Đang đọc: {percent} · đã có {length} · nhanh gấp {speed} lần",
    joining: "Đang ghép các chương…",
    done: "Xong · {length}",
    failed: "Không làm được:",
    cancelled: "Đã huỷ",
    chapters_ready: "Các chương: {ready}/{total} nghe được",
    problems: "{n} câu chưa ổn, câu đầu: {text}",
    save_book: "Tải {name}",
    save_chapter: "Tải {title}",
    listen: "Nghe {title}",
    playing: "Đang nghe",
    delete: "Xoá",
    delete_book: "Xoá “{title}”",
    undelete_book: "Hoàn tác xoá “{title}”",
    deleted: "Đã xoá “{title}”.",
    not_deleted: "Chưa xoá được.",
    kept: "Giữ cho đến khi bạn xoá",
    kept_today: "Giữ đến {time} hôm nay",
    kept_until: "Giữ đến {time} ngày {date}",
    plan_replaced: "Đã mở “{next}” thay cho “{name}” đang soạn.",
    plan_dropped: "Đã bỏ “{name}” đang soạn.",
    plan_back: "Đã lấy lại sách đang soạn.",
    plan_again: "Đã làm lại.",
    making_room: "Đang đợi xoá xong sách cũ để có chỗ…",
  },
  en: {
    tab_text: "Text",
    tab_books: "Books",
    tabs: "Mode",
    drop_title: "Drop a book here",
    drop_kinds: "TXT, Markdown, HTML, EPUB, DOCX, PDF or subtitles (SRT, VTT)",
    ocr: "Recognize the text of PDFs that are scans",
    choose: "Choose a file…",
    looking: "Looking at {name}…",
    title: "Title",
    author: "Author",
    format: "File",
    format_m4b: "One M4B with chapters",
    format_epub: "EPUB to read along",
    format_folder: "{name}, a file a chapter",
    size: "{chapters} chapters · {characters} characters · about {length}",
    chapters: "Chapters",
    cast: "Who reads",
    narrator: "Narrator",
    lines: "{n} lines",
    voice_of: "Voice of {name}",
    by_gender: "by gender",
    more: "… and {n} chapters more",
    more_people: "… and {n} more people, read by gender",
    unspoken: "{n} places are not read: {reasons}",
    all_spoken: "Every word is read.",
    reason_separator: "separators",
    reason_contents: "contents",
    reason_note: "notes",
    "reason_note mark": "note marks",
    reason_picture: "pictures",
    reason_code: "code",
    reason_hidden: "hidden parts",
    reason_emoji: "emoji",
    reason_symbols: "symbols",
    reason_controls: "control characters",
    "reason_front matter": "front matter",
    reason_formula: "formulas",
    "reason_page number": "page numbers",
    "reason_running head": "running heads",
    reason_title: "repeated titles",
    reason_page: "menus of the page",
    reason_ruby: "base text of ruby",
    read_chapter: "Read this chapter",
    begin: "Make the audiobook",
    forget: "Discard",
    jobs: "Your books",
    queued: "Waiting for its turn",
    running: "Beginning…",
    running_at: "Reading: {percent} · {length} made · {speed} times real time",
    joining: "Joining the chapters…",
    done: "Done · {length}",
    failed: "Could not be made:",
    cancelled: "Cancelled",
    chapters_ready: "Chapters: {ready} of {total} ready",
    problems: "{n} sentences are not right, the first: {text}",
    save_book: "Save {name}",
    save_chapter: "Save {title}",
    listen: "Listen to {title}",
    playing: "Listening to",
    delete: "Delete",
    delete_book: "Delete “{title}”",
    undelete_book: "Undo deleting “{title}”",
    deleted: "“{title}” was deleted.",
    not_deleted: "It was not deleted.",
    kept: "Kept until you delete it",
    kept_today: "Kept until {time} today",
    kept_until: "Kept until {time} on {date}",
    plan_replaced: "“{next}” took the place of “{name}”.",
    plan_dropped: "“{name}” was set aside.",
    plan_back: "The book is back.",
    plan_again: "Done again.",
    making_room: "Waiting for the deletion, to have room…",
  },
};

/** The words for `name` in the page's language, with {holes} filled from `values`. */
export function say(name, values = {}) {
  const text = WORDS[words.language]?.[name] ?? WORDS.en[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, hole) => values[hole] ?? "");
}

/** Until when a book is kept; `until` is seconds, a date as text, or null for ever. */
export function keptUntil(until) {
  if (until === null || until === undefined) return say("kept");
  const at = new Date(typeof until === "number" ? until * 1000 : until);
  const now = new Date();
  const part = (options) => new Intl.DateTimeFormat(words.language, options).format(at);
  const time = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (at.toDateString() === now.toDateString()) return say("kept_today", { time });
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const month = words.language === "vi" ? "numeric" : "long";
  return say("kept_until", { time, date: part({ day: "numeric", month, year }) });
}

/** Puts words into every element below `root` that names them; its data fills their {holes}. */
export function sayAll(root) {
  for (const place of root.querySelectorAll("[data-say]")) {
    place.textContent = say(place.dataset.say, place.dataset);
  }
  for (const place of root.querySelectorAll("[data-say-label]")) {
    place.setAttribute("aria-label", say(place.dataset.sayLabel));
  }
}

/** An element with attributes and children, or a text. */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== "" || name === "value" || name.startsWith("data-")) made.setAttribute(name, value);
  }
  made.append(...(typeof children === "string" ? [children] : children));
  return made;
}

/** The cast as the server takes it (TOML), with the voices that were chosen. */
export function castToml({ cast, roles }, selects) {
  const voice = new Map([...selects].map((each) => [each.dataset.person, each.value]));
  const quoted = (text) => JSON.stringify(text).replaceAll("\x7f", "\\u007f");
  const rows = ["[narrator]"];
  if (voice.get("")) rows.push(`voice = ${quoted(voice.get(""))}`);
  for (const gender of ["male", "female"]) {
    if (roles[gender]) rows.push(`[${gender}]`, `voice = ${quoted(roles[gender])}`);
  }
  for (const person of cast) {
    const wanted = voice.get(person.name) ?? person.voice;
    rows.push(`[characters.${quoted(person.name)}]`, `gender = ${quoted(person.gender)}`);
    if (!wanted) continue;
    rows.push(`voice = ${quoted(wanted)}`);
    if (wanted === person.voice && person.pitch !== 1) rows.push(`pitch = ${person.pitch}`);
  }
  return `${rows.join("\n")}\n`;
}
