//! Names and habits of Vietnamese: the family name first, a middle name, and the given name last.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::FamilyMiddleGiven,
    country: "Việt Nam",
    female: "Lan Hương Hoa Mai Linh Trang Thảo Phương Ngọc Hạnh Hằng Nga Thủy Yến Quỳnh Vân Dung Hiền Thu Oanh Nhung Loan Tuyết Diễm Châu My",
    male: "Anh Dũng Hùng Cường Minh Tuấn Nam Sơn Hải Long Thắng Quang Hiếu Đức Phúc Khoa Bảo Trung Việt Tùng Thành Kiên Lâm Đạt Phong Nghĩa",
    middle_female: "Thị Thị Thị Thu Ngọc Minh Thanh Kim Bích Phương",
    middle_male: "Văn Văn Văn Đức Minh Hữu Quốc Công Xuân Thanh",
    family: "Nguyễn Nguyễn Nguyễn Nguyễn Trần Trần Lê Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trịnh Đoàn Mai Tô Lương Cao",
    street: "{number} {street}",
    streets: "Đường Lê Lợi|Phố Hàng Bạc|Đường Nguyễn Huệ|Đường Trần Hưng Đạo|Phố Huế|Đường Điện Biên Phủ",
    places: "Hà Nội;;100###|Thành phố Hồ Chí Minh;;700###|Đà Nẵng;;550###|Huế;Thừa Thiên Huế;530###|Cần Thơ;;900###",
    mobiles: "0900 000 ###|+84 900 000 ###|0900.000.###",
    landlines: "024 0000 0###|+84 28 0000 0###|(0236) 000 0###",
    companies: "Tiệm bánh Hoa Sen|Công ty TNHH Ánh Dương Xanh|Nhà sách Tuổi Ngọc|Phòng khám Bình An|Xưởng gỗ Đông Phong",
    titles: "Kỹ sư|Giáo viên|Giám đốc kinh doanh|Y tá|Luật sư|Lập trình viên|Bác sĩ",
    notes: "Gặp ở hội thảo tại Đà Nẵng.|Không ăn hải sản.|Gọi sau 18 giờ; ban ngày không nghe máy.|Giữ chìa khóa dự phòng.|Bạn học cũ của Hương.",
    groups: "Gia đình|Bạn bè|Công việc|Câu lạc bộ|Hàng xóm|Trường học",
};
