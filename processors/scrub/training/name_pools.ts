/** Romanised names of cultures whose lists elsewhere are in their own scripts, and of some that are rarely listed. Written for this project. */
export interface NamePool {
  readonly given: readonly string[];
  readonly family: readonly string[];
  /** Whether the family name stands first. */
  readonly familyFirst?: boolean;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const INITIALS = words("b p m f d t n l g k h j q x zh ch sh r z c s y w");
const FINALS = words("a ai an ang ao e ei en eng i ia ian iang iao ie in ing iong iu o ong ou u ua uai uan ui un uo");

/** Every romanised syllable that could be one, and some that are none: a tagger must not depend on the list. */
export const CHINESE_SYLLABLES: readonly string[] = INITIALS.flatMap((initial) => FINALS.map((final) => initial + final));

export const NAME_POOLS: readonly NamePool[] = [
  {
    given: words(
      "Wei Fang Na Xiuying Min Jing Li Qiang Lei Jun Yang Yong Yan Jie Juan Tao Ming Chao Xia Ping Gang Guiying Hui Hong Bo Ting Xin Yuhan Zihan Haoran Yichen Zixuan Mengyao Jiaqi Wenjie Xiaoming Xiaohong Jianguo Jianhua Zhiqiang Zhiwei Weidong Guoqiang Lihua Meiling Yulan Chunhua Shufen Dongmei Xuefeng Haitao Yufei Ruoxi Siyu Tianyi Junhao Zhenyu Mingze Kaiwen Jiahao Yuxuan Ruolan Xinyi Peiyao Shanshan Tingting Lingling Jiajia Lele Weiwei Feifei Qianqian",
    ),
    family: words(
      "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang Song Zheng Xie Han Tang Feng Yu Dong Xiao Cheng Cao Yuan Deng Fu Shen Zeng Peng Lu Su Jiang Cai Jia Ding Wei Xue Ye Yan Pan Du Dai Xia Zhong Tian Ren Fan Fang Shi Yao Tan Liao Zou Xiong Jin Hao Kong Bai Cui Kang Mao Qiu Qin Gu Hou Shao Meng Long Wan Duan Qian Ouyang Sima Zhuge",
    ),
    familyFirst: true,
  },
  {
    given: words(
      "Haruto Yuto Sota Yuki Hayato Haruki Ryota Kenji Takashi Hiroshi Satoshi Daisuke Kazuki Shota Ren Akira Makoto Naoki Yusuke Kenta Sakura Yui Aoi Hina Rin Mei Akari Yuna Miyu Haruka Ayaka Misaki Nanami Keiko Yoko Tomoko Emi Mariko Kaori Megumi Naomi Chiyo Fumiko Ichiro Jiro Saburo Tatsuya Shinji Koji Masato Noboru Osamu",
    ),
    family: words(
      "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Yamazaki Mori Abe Ikeda Hashimoto Ishikawa Ogawa Okada Hasegawa Murakami Kondo Ishii Saito Sakamoto Endo Aoki Fujii Nishimura Fukuda Ota Miura Fujiwara Okamoto Matsuda Nakagawa Nakano Harada Ono Tamura Takeuchi Kaneko Wada Nakayama Ueda Morita Hara Shibata Kudo Yokoyama Miyazaki Uchida",
    ),
  },
  {
    given: words(
      "Minjun Seojun Doyun Jiho Junseo Hyunwoo Jihoon Sungmin Dongwook Jaehyun Taehyung Seungho Youngsoo Sangwoo Kwangsoo Jiwoo Seoyeon Minseo Hayoon Jimin Soyeon Yuna Eunji Jiyeon Hyejin Sunhee Minji Nayeon Yoonah Hyunjoo Min-jun Seo-yeon Ji-hoon Ji-woo Sung-min Hye-jin Eun-ji Young-ho Soo-jin Hyun-ju Dong-hyun Jae-won Tae-hee Chul-soo",
    ),
    family: words(
      "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu Hong Jeon Ko Moon Son Yang Bae Baek Heo Nam Sim Noh Ha Joo Woo Min Yeo Chun",
    ),
    familyFirst: true,
  },
  {
    given: words(
      "Aarav Vivaan Aditya Vihaan Arjun Sai Reyansh Krishna Ishaan Rohan Rahul Amit Suresh Ramesh Rajesh Sanjay Vijay Anil Sunil Manoj Deepak Ashok Prakash Ravi Kiran Arvind Ganesh Harish Naveen Nikhil Pranav Siddharth Varun Vikram Yash Ananya Aadhya Diya Saanvi Pari Anika Navya Ira Myra Kavya Priya Pooja Neha Sneha Swati Deepika Shreya Divya Lakshmi Meena Sunita Anita Geeta Radha Rekha Shobha Usha Vidya Padma Nandini Bhavana Chitra Gurpreet Harpreet Jaspreet Manpreet Simran Amandeep Fatima Ayesha Imran Salman Irfan Farhan",
    ),
    family: words(
      "Sharma Verma Gupta Singh Kumar Patel Shah Mehta Desai Joshi Iyer Iyengar Nair Menon Pillai Reddy Rao Naidu Chowdhury Banerjee Mukherjee Chatterjee Ghosh Das Bose Sen Dutta Roy Mishra Tiwari Pandey Dubey Shukla Trivedi Chauhan Rathore Yadav Malhotra Kapoor Khanna Chopra Bhatia Ahuja Arora Sethi Gill Dhillon Sandhu Grewal Bhatt Kulkarni Deshpande Patil Jadhav Shinde Pawar Gaikwad Subramanian Venkatesan Krishnamurthy Natarajan Raghavan Srinivasan Balakrishnan Ramachandran Chandrasekhar",
    ),
  },
  {
    given: words(
      "Mohammed Muhammad Ahmed Ahmad Ali Omar Umar Hassan Hussein Khalid Youssef Yusuf Ibrahim Mustafa Abdullah Abdulrahman Abdelkader Karim Tariq Bilal Hamza Zaid Faisal Salem Majid Nasser Rashid Samir Walid Ziad Amin Adel Fahad Sultan Marwan Anwar Jamal Aisha Fatima Khadija Maryam Zainab Layla Leila Noor Nour Huda Amina Salma Rania Dina Hanan Samira Yasmin Nadia Reem Dalal Ghada Hala Lina Rana Sawsan",
    ),
    family: words(
      "Al-Sayed El-Masry Al-Farsi Al-Rashid Al-Hassan Al-Qahtani Al-Ghamdi Al-Harbi Al-Otaibi Al-Shehri Haddad Khoury Nassar Saleh Mansour Farouk Hamdan Qasim Abbas Khalil Hijazi Darwish Shaheen Rahman Siddiqui Qureshi Malik Chaudhry Butt Sheikh Mirza Ansari Hashemi Tehrani Ahmadi Hosseini Karimi Rezaei Moradi Jafari Benali Bouazza Benjelloun Chraibi Mansouri Trabelsi Ben-Youssef Boukhari Zerrouki Belkacem",
    ),
  },
  {
    given: words(
      "Aleksandr Dmitri Dmitry Sergei Sergey Andrei Andrey Alexei Alexey Ivan Mikhail Nikolai Vladimir Yuri Igor Oleg Pavel Roman Konstantin Maxim Maksim Artem Kirill Denis Anton Viktor Vasily Grigory Stanislav Bogdan Taras Mykola Oleksandr Andriy Volodymyr Yevhen Anastasia Ekaterina Yekaterina Olga Tatiana Natalia Svetlana Irina Elena Yelena Marina Ludmila Galina Oksana Yulia Daria Polina Ksenia Kseniya Vera Nadezhda Zoya Larisa Zlatan Goran Dragan Zoran Milica Jelena Marko Nikola Stefan Vesna Ljubica Bojan Borislav Tsvetan Plamen Desislava",
    ),
    family: words(
      "Ivanov Petrov Sidorov Smirnov Kuznetsov Popov Vasiliev Sokolov Mikhailov Fedorov Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev Makarov Zakharov Ivanova Petrova Smirnova Kuznetsova Popova Volkova Sokolova Morozova Shevchenko Kovalenko Bondarenko Tkachenko Kravchenko Oliynyk Melnyk Kovalchuk Lysenko Jovanovic Petrovic Nikolic Markovic Djordjevic Stojanovic Ilic Kovacevic Horvat Babic Novak Krajnc Dimitrov Georgiev Todorov Angelova Stoyanov Wisniewski Kowalczyk Wojcik",
    ),
  },
  {
    given: words(
      "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Osman Yusuf Murat Ömer Ramazan Halil Süleyman Emre Burak Can Cem Deniz Efe Eren Kerem Kaan Onur Serkan Tolga Umut Volkan Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Sultan Merve Büşra Esra Gamze Gülşen Hande İrem Melek Nur Özge Pınar Selin Sevgi Tuğba Yasemin Ebru Derya",
    ),
    family: words(
      "Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Yavuz Can Acar Aktaş Güneş Tekin Bulut Keskin Turan Ateş Sarı Avcı Işık Kaplan Özer",
    ),
  },
  {
    given: words(
      "Minh Anh Tuan Hung Dung Duc Quang Hieu Long Nam Phong Son Thanh Trung Tung Viet Bao Khanh Khoa Linh Huong Lan Mai Ngoc Nga Nhung Phuong Thao Thu Thuy Trang Trinh Van Yen Hanh Hoa Quynh Tram Dinh Cuong Tiến Hương Phương Thảo Thủy Hồng Ngọc Đức Dũng Hùng Sơn Quỳnh",
    ),
    family: words(
      "Nguyen Tran Le Pham Hoang Huynh Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Nguyễn Trần Lê Phạm Hoàng Huỳnh Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý",
    ),
    familyFirst: true,
  },
  {
    given: words(
      "Chinedu Emeka Ikechukwu Obinna Chukwuemeka Nnamdi Ifeanyi Uchenna Chiamaka Adaeze Ngozi Nneka Chioma Amaka Ifeoma Adebayo Oluwaseun Olumide Babatunde Ayodele Temitope Folake Yetunde Bukola Tolulope Kwame Kofi Kwabena Yaw Kojo Ama Abena Akosua Adwoa Esi Thabo Sipho Themba Bongani Mandla Nomvula Thandiwe Zanele Lerato Naledi Tumelo Kagiso Wanjiru Njeri Kamau Mwangi Otieno Achieng Wambui Kipchoge Baraka Juma Neema Zawadi Tendai Tafadzwa Rumbidzai Mamadou Ousmane Amadou Fatoumata Aminata Moussa Seydou Abebe Tadesse Bekele Almaz Tigist Mekonnen",
    ),
    family: words(
      "Okafor Okonkwo Eze Nwosu Obi Onyekachi Adeyemi Adebayo Ogunleye Balogun Okoro Oyelaran Ademola Mensah Owusu Boateng Asante Osei Appiah Agyeman Amoah Dlamini Nkosi Ndlovu Khumalo Mokoena Mthembu Zulu Sithole Mahlangu Molefe Kariuki Odhiambo Kimani Mutua Onyango Wanjala Ochieng Chebet Kiprotich Moyo Chikwanha Mugabe Diallo Traore Coulibaly Keita Toure Cisse Diop Ndiaye Sow Fall Haile Tesfaye Gebremedhin Girma Wolde",
    ),
  },
  {
    given: words(
      "Budi Agus Dewi Siti Putu Wayan Made Ketut Rizky Dian Fajar Indah Joko Wati Nur Slamet Sri Yanto Bayu Ratna Maria Jose Juan Angelo Jerome Rodel Jomar Analyn Maricel Rowena Somchai Somsak Nattapong Kittisak Siriporn Malee Pornthip Anong Wichai Chaiwat Azizah Nurul Faridah Hafiz Syafiq Aiman Zulkifli Rosmah",
    ),
    family: words(
      "Santoso Wijaya Susanto Hidayat Setiawan Kurniawan Saputra Pratama Nugroho Siregar Simanjuntak Dela-Cruz Reyes Santos Bautista Garcia Mendoza Villanueva Aquino Pascual Salazar Manalo Macaraeg Srisai Suwannarat Chaiyasit Wongsakul Rattanakul Phongphan Abdullah Ismail Rahim Zainal Othman Yusof",
    ),
  },
  {
    given: words(
      "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Thomas Karen Christopher Sarah Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty Mark Ashley Donald Emily Steven Kimberly Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa George Deborah Timothy Stephanie Ronald Rebecca Jason Laura Edward Helen Jeffrey Sharon Ryan Cynthia Jacob Kathleen Gary Amy Nicholas Angela Eric Anna Jonathan Ruth Stephen Brenda Larry Pamela Justin Nicole Scott Katherine Brandon Samantha Grace Hope Faith Joy Rose Ivy Daisy Violet Summer Autumn April May June Dawn Will Bill Rob Chase Grant Drew Skip Art Gene Dean Earl Duke Jack Rich Frank Pat Sue Bob Tom Tim Jim Ben Sam Max Ted Ned Meg Kat Zoe Mia Leo Eli Ian Amy",
    ),
    family: words(
      "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Hill Green Adams Baker Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray Hughes Price Long Foster Sanders Ross Powell Sullivan Russell Butler Barnes Fisher Jenkins Perry Coleman Patterson Jordan Graham Wallace West Cole Hayes Stone Black Fox Rice Page Banks Marsh Fields Cross Field Waters Rivers Bush Wolf Bird Rose Love Best Case Chase Frost Snow Winter Sharp Swift Small Little Short Strong Bright Golden Silver O'Brien O'Neill O'Connor McDonald McCarthy MacLeod McKenzie FitzGerald St-John Smith-Jones Taylor-Brown",
    ),
  },
];
