// Invented people, organisations and places, in the scripts in which they would be written. Nobody of these exists.

export const PEOPLE = [
  'Amara Diallo', 'Nguyễn Thị Hoa', 'ليلى بن سالم', '陈思远', 'Ivana Horvat', 'Thomas Okello', 'Marisol Quispe', 'Ayşe Demir',
  'Jean-Baptiste Kouassi', 'Sunita Rana', 'Олена Коваль', 'Peter Lindqvist', '田中 美咲', 'Fatoumata Keïta', 'Rashid Karimov',
  'عمر الحداد', 'Grace Mwangi', 'Luís Cardoso', 'Meera Pillai', 'Tavita Leota',
];

export const APPLICANTS = [
  'Nadia Rahimi', '李文静', 'يوسف المنصوري', 'Chipo Moyo', 'Katarzyna Wilk', 'Rodrigo Salvatierra', 'Phan Minh Đức', 'Esi Boateng',
  'Гульнара Асанова', 'Bilal Chaudhry', 'سارة الخطيب', 'Ana Beatriz Rocha', '王建国', 'Tendai Ncube', 'Lucía Paredes',
  'Dawit Tesfaye', 'Ingrid Solheim', 'Samuel Adeyemi', 'هدى منصور', 'Prakash Shrestha',
];

export const ORGANISATIONS = [
  'Legal Aid for Children, Kabul', '云南儿童权益法律中心', 'مركز حقوق الطفل – تونس', 'Zimbabwe Child Law Network', 'Fundacja Dom Prawa',
  'Defensoría de la Niñez del Altiplano', 'Trung tâm Bảo vệ Trẻ em Miền Trung', 'Accra Juvenile Justice Project', 'Центр «Бала укугу»',
  'Lahore Street Children Law Clinic', 'جمعية العدالة للأطفال', 'Instituto Infância e Lei', '西部少年法律援助站', 'Matabeleland Advice Centre',
  'Clínica Jurídica de la Infancia', 'Addis Family Court Support', 'Barnas Rettshjelp', 'Ibadan Child Advocates Forum',
  'شبكة المحامين من أجل الطفولة', 'Kathmandu Youth Legal Service',
];

export const COUNTRIES = [
  'Afghanistan', 'China', 'Tunisia', 'Zimbabwe', 'Poland', 'Bolivia', 'Vietnam', 'Ghana', 'Kyrgyzstan', 'Pakistan', 'Jordan', 'Brazil',
  'China', 'Zimbabwe', 'Ecuador', 'Ethiopia', 'Norway', 'Nigeria', 'Lebanon', 'Nepal',
];
