/** What is in the text area on the first visit. */
export const SAMPLE = `Tiếng hót trên đồng

Trời vừa hửng sáng. Từ ruộng lúa còn đẫm sương, một con sơn ca bay vút lên, nhỏ dần, nhỏ dần, chỉ còn là một chấm nâu giữa nền trời xanh nhạt. Rồi tiếng hót đổ xuống: trong trẻo, liền mạch, như thể ai vừa mở một dòng suối ở trên cao.

Bà cụ dừng tay cấy, ngẩng lên nhìn.

– Nó hót đấy, cháu nghe không?

Đứa bé gật đầu. Năm nay nó lên 7, và đó là lần đầu tiên nó biết rằng bầu trời cũng có giọng nói.
`;
